/**
 * Runs before the page, in its process and out of its reach. Hands over two ports, the backend's and the shell's, and the
 * one thing that only this side can do: tell where a dropped file lies.
 */
import { contextBridge, ipcRenderer, webUtils } from 'electron'

ipcRenderer.on('cairn-ports', ({ ports }) => window.postMessage('cairn-ports', window.location.origin, [...ports]))

contextBridge.exposeInMainWorld('cairn', { pathForFile: (file: File) => webUtils.getPathForFile(file) })
