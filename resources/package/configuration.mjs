/**
 * What is packed and into what, for electron-builder: `npm run dist` builds by it, and a test packs by it. Plain Node,
 * so that a workflow needs nothing else. What differs between two builds of the same sources comes from the environment:
 *
 *   CAIRN_UPDATE_URL     https address of a folder with latest*.yml, where an installed Cairn looks for newer ones
 *   CAIRN_UPDATE_GITHUB  OWNER/NAME, whose published releases are looked at instead
 *   CSC_LINK, WIN_CSC_LINK, …         keys to sign with, as electron-builder's documentation says
 *   APPLE_API_KEY or APPLE_ID, …      with them, what was signed is notarised too
 *
 * Without a feed an installed Cairn has no updater; without keys nothing is signed.
 */

/** Beside the modules that `dependencies` names. `*.js.map` would tell nobody anything. */
const PACKED = ['out/**/*', '!out/**/*.map', '!out/share{,/**}', 'resources/icon.{png,svg}', 'resources/tray*.png', 'resources/icons/{16x16,24x24,32x32,48x48,64x64,128x128,256x256}.png', 'package.json', 'LICENSE']

/** What the backend has no use for under Node or Electron, in each module. Paths are those within the package. */
const UNUSED = [
  // Sources of native code, and what other runtimes (Bare) load in place of `.node`.
  '!**/node_modules/**/*.{bare,c,cc,cpp,h,hpp,gyp,gypi,cmake,bazel}',
  '!**/node_modules/**/CMakeLists.txt',
  '!**/node_modules/node-addon-api{,/**}',
  '!**/node_modules/bare-{ansi-escapes,assert,buffer,fs,inspect,path,stream,type,url}{,/**}',
  '!**/node_modules/@parcel/watcher/{src,scripts}{,/**}',
  // What is for people who write programs.
  '!**/node_modules/**/*.{ts,mts,cts,map,flow,tsbuildinfo}',
  '!**/node_modules/**/!(LICEN[CS]E*|licen[cs]e*|NOTICE*|COPYING*).{md,markdown,mkd}',
  '!**/node_modules/**/{test,tests,__tests__,bench,benchmark,benchmarks,docs,doc,example,examples,coverage,.github}{,/**}',
  '!**/node_modules/**/{test,tests,bench,example}.{js,cjs,mjs,html}',
  // The same again in another form of module, or for browsers.
  '!**/node_modules/zod/{src,v3,mini,v4-mini}{,/**}',
  '!**/node_modules/zod/**/*.cjs',
  '!**/node_modules/js-yaml/{dist,bin}{,/**}',
  '!**/node_modules/argparse{,/**}',
]

/** Native code of other platforms. `${arch}` is that of the package, which need not be this machine's. */
const filesOf = platform => [
  ...PACKED,
  ...UNUSED,
  `!**/node_modules/**/prebuilds/!(${platform}-\${arch}){,/**}`,
  `!**/node_modules/@parcel/watcher-!(${platform}-\${arch}*){,/**}`,
]

/** What a Linux package installs besides the program: the `cairn` command, and what belongs to it. */
const installed = zshFolder => [
  'resources/command/linux/cairn=/usr/bin/cairn',
  'resources/command/linux/cairn.service=/usr/lib/systemd/user/cairn.service',
  'out/share/cairn.1=/usr/share/man/man1/cairn.1',
  'out/share/cairn.bash=/usr/share/bash-completion/completions/cairn',
  `out/share/_cairn=/usr/share/zsh/${zshFolder}/_cairn`,
  'out/share/cairn.fish=/usr/share/fish/vendor_completions.d/cairn.fish',
]

const AFTER_REMOVE = 'resources/package/after-remove.sh'

/** @returns {import('electron-builder').Configuration} */
export function configuration(environment = process.env) {
  const feed = feedOf(environment)
  const isMacSigned = Boolean(environment.CSC_LINK || environment.CSC_NAME)
  const isNotarised = isMacSigned && Boolean(environment.APPLE_API_KEY || environment.APPLE_ID || environment.APPLE_KEYCHAIN_PROFILE)
  return {
    appId: APP_ID,
    productName: 'Cairn',
    copyright: 'MIT licence',
    // Electron takes the name of the window's class from it on Linux, and desktops find the icon by that.
    extraMetadata: { desktopName: 'cairn.desktop', author: AUTHORS, homepage: homepageOf(environment) },
    directories: { output: 'dist', buildResources: 'resources/package' },
    artifactName: 'cairn-${version}-${os}-${arch}.${ext}',

    // AppImages that need no library of the system to be mounted.
    toolsets: { appimage: '1.0.3' },
    asar: { smartUnpack: false },
    asarUnpack: ['**/*.node'],
    // All of it is N-API: one build for every Node and Electron.
    npmRebuild: false,
    nodeGypRebuild: false,
    allowMissingDependencies: false,
    electronLanguages: ['en-US'],

    electronFuses: {
      runAsNode: false,
      enableNodeOptionsEnvironmentVariable: false,
      enableNodeCliInspectArguments: false,
      enableEmbeddedAsarIntegrityValidation: true,
      onlyLoadAppFromAsar: true,
      grantFileProtocolExtraPrivileges: false,
      loadBrowserProcessSpecificV8Snapshot: false,
      // The page has no cookies, and a key for them would have macOS ask for the keychain's password.
      enableCookieEncryption: false,
    },

    protocols: [{ name: 'Archive', role: 'Viewer', schemes: LINK_SCHEMES }],

    linux: {
      target: [target('AppImage'), target('deb'), target('rpm')],
      // That of the window: `cairn` is the command.
      executableName: 'cairn-desktop',
      icon: 'resources/icons',
      category: 'Network;FileTransfer;P2P',
      synopsis: 'Share folders with the people you know',
      maintainer: `${AUTHORS} <nobody@localhost>`,
      vendor: AUTHORS,
      // Otherwise electron-builder has an AppImage start without the sandbox that its pages are shut in.
      executableArgs: [],
      syncDesktopName: true,
      desktop: {
        entry: {
          GenericName: 'Folder sharing',
          Keywords: 'share;folder;archive;peer;hyper;',
          StartupNotify: 'true',
        },
      },
      files: filesOf('linux'),
    },
    // electron-builder's own lists, with the library that the storage engine wants besides.
    deb: {
      depends: [
        'libgtk-3-0',
        'libnotify4',
        'libnss3',
        'libxss1',
        'libxtst6',
        'xdg-utils',
        'libatspi2.0-0',
        'libuuid1',
        'libsecret-1-0',
        'libatomic1',
      ],
      packageCategory: 'net',
      priority: 'optional',
      afterRemove: AFTER_REMOVE,
      fpm: installed('vendor-completions'),
    },
    rpm: {
      depends: [
        'gtk3',
        'libnotify',
        'nss',
        'libXScrnSaver',
        '(libXtst or libXtst6)',
        'xdg-utils',
        'at-spi2-core',
        '(libuuid or libuuid1)',
        '(libatomic or libatomic1)',
      ],
      afterRemove: AFTER_REMOVE,
      fpm: installed('site-functions'),
    },

    mac: {
      target: [target('dmg', ['x64', 'arm64']), target('zip', ['x64', 'arm64'])],
      category: 'public.app-category.utilities',
      icon: 'resources/icons/icon.icns',
      hardenedRuntime: true,
      gatekeeperAssess: false,
      entitlements: 'resources/package/entitlements.plist',
      entitlementsInherit: 'resources/package/entitlements.plist',
      notarize: isNotarised,
      // `-` signs ad hoc, without which nothing runs on Apple's processors.
      ...(isMacSigned ? {} : { identity: '-' }),
      // macOS installs no update that nobody signed.
      ...(isMacSigned ? {} : { publish: null }),
      extendInfo: {
        NSLocalNetworkUsageDescription: 'Cairn finds people on this network who share archives with you.',
      },
      files: filesOf('darwin'),
      extraResources: [
        { from: 'resources/command/macos', to: 'bin' },
        { from: 'out/share', to: 'share' },
      ],
    },
    dmg: { title: 'Cairn ${version}', writeUpdateInfo: false },

    win: {
      target: [target('nsis', ['x64']), target('portable', ['x64'])],
      icon: 'resources/icons/icon.ico',
      files: filesOf('win32'),
      extraResources: [
        { from: 'resources/command/windows', to: 'bin' },
        // PowerShell looks for no completions by itself: a line in the person's profile names this file.
        { from: 'out/share/cairn-completions.ps1', to: 'share/cairn-completions.ps1' },
      ],
    },
    nsis: {
      oneClick: false,
      perMachine: false,
      allowToChangeInstallationDirectory: true,
      // Archives and their keys stay: whoever removes a program may not mean to lose them for everybody.
      deleteAppDataOnUninstall: false,
      include: 'resources/package/installer.nsh',
      artifactName: 'cairn-${version}-${os}-${arch}-setup.${ext}',
    },
    portable: { artifactName: 'cairn-${version}-${os}-${arch}-portable.${ext}' },

    publish: feed,
    // One feed, whatever the version is called: `latest*.yml` is what the workflow hands on.
    detectUpdateChannel: false,
  }
}

/** By it Windows groups windows and notifications, and macOS knows the program: never to be changed. */
export const APP_ID = 'app.cairn.desktop'
export const LINK_SCHEMES = ['hyper', 'cairn']

/** What the app, its native code and its page may take together, in bytes, without Electron itself. */
export const BUDGET = 60_000_000

const AUTHORS = 'The authors of Cairn'

const target = (name, arch = ['x64']) => ({ target: name, arch })

/** Packages of Linux have to name one; where nobody said which, it is one that cannot exist. */
const homepageOf = ({ CAIRN_UPDATE_URL: url, CAIRN_UPDATE_GITHUB: repository }) =>
  url || (repository ? `https://github.com/${repository}` : 'https://cairn.invalid')

/** null: no feed is written into the app. Throws for what is not one: a typing error must not end in an app that asks nobody. */
function feedOf({ CAIRN_UPDATE_URL: url = '', CAIRN_UPDATE_GITHUB: repository = '' }) {
  if (url !== '' && repository !== '') throw new Error('Say CAIRN_UPDATE_URL or CAIRN_UPDATE_GITHUB, not both')
  if (url !== '') {
    if (!/^https:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(url)) throw new Error(`CAIRN_UPDATE_URL is ${url}, and not an https address`)
    return [{ provider: 'generic', url, channel: 'latest' }]
  }
  if (repository !== '') {
    const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(repository) ?? []
    if (repo === undefined) throw new Error(`CAIRN_UPDATE_GITHUB is ${repository}, and not OWNER/NAME`)
    return [{ provider: 'github', owner, repo, releaseType: 'draft' }]
  }
  return null
}
