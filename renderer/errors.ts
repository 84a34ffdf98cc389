/** Every error in plain words: what happened, what it means for the person's files, and what to do next. */
import { AppError, assertNever, type ErrorData, type SerializedError } from '../preload/contract/errors.ts'
import { bytes, count, number } from './ui/format.ts'
import { plainName } from './ui/names.ts'

export type Explanation = {
  readonly title: string
  readonly text: string
  /** Empty where there is nothing to do. */
  readonly next: string
  /** For the fold: code and data, as the machine says it. */
  readonly details: string
}

/** null: nothing to say, because the person stopped it themselves. */
export function explain(error: unknown): Explanation | null {
  if (error instanceof AppError) return explainSerialized(error.toJSON())
  const details = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return {
    title: 'Something on this page went wrong',
    text: 'Your files and archives are not touched by this.',
    next: 'Reload the page, and report it if it comes back.',
    details,
  }
}

export function explainSerialized(error: SerializedError): Explanation | null {
  const words = say(error)
  if (words === null) return null
  const [title, text, next] = words
  const data = error.data === undefined ? '' : `\n${JSON.stringify(error.data, null, 2)}`
  return { title, text, next, details: `${error.code}: ${error.message}${data}` }
}

type Words = readonly [title: string, text: string, next: string]

function say(error: SerializedError): Words | null {
  switch (error.code) {
    case 'CANCELLED':
      return null
    case 'INVALID_INPUT':
      return [
        'That cannot be used as it is',
        error.data.issues.map(issue => issue.message).join('. '),
        'Change it and try again. Nothing was done.',
      ]
    case 'UNKNOWN_PROCEDURE':
      return ['This page is older than Cairn', 'It asked for something that Cairn does not know.', 'Reload the page.']
    case 'DISCONNECTED':
      return [
        'Cairn is not running',
        'The page lost its connection before this was answered. It may or may not have been done.',
        'The page connects again by itself; look whether it was done before you repeat it.',
      ]
    case 'OTHER_VERSION':
      return [
        'This page and Cairn are of different versions',
        `The page speaks version ${error.data.ours} and Cairn version ${error.data.theirs}.`,
        'Reload the page. If that does not help, restart Cairn.',
      ]
    case 'INTERNAL':
      return [
        'Something in Cairn went wrong',
        `It is in the log under ${error.data.incident}.`,
        'Try again, and report it if it comes back.',
      ]
    case 'INVALID_LINK':
      return ['This is not a link to an archive', linkProblem(error.data), 'Ask your friend to copy the link again.']
    case 'OLD_DAT_LINK':
      return [
        'This link belongs to the older Dat network',
        'Links that begin with dat:// cannot be opened any more: that protocol is not spoken here.',
        'Ask your friend for a link that begins with hyper://.',
      ]
    case 'STORAGE_IN_USE':
      return [
        'Cairn runs already',
        `Another Cairn uses the storage in ${error.data.storage}.`,
        'Use that one, or stop it first.',
      ]
    case 'STORAGE_UNUSABLE':
      return [
        'The storage cannot be used',
        `${error.data.storage}: ${error.data.why}.`,
        'Check the disk and its permissions.',
      ]
    case 'PORT_TAKEN':
      return [
        'The port is taken',
        `Another program uses port ${error.data.port}.`,
        'Choose another one, or leave --port out.',
      ]
    case 'NO_ROOM':
      if (error.data.needed === 0)
        return [
          'The disk is full',
          'It stopped where it was; what was done so far stays.',
          'Make room: it goes on by itself.',
        ]
      return [
        'There is not enough room',
        `${bytes(error.data.needed)} are needed at ${error.data.path} and ${bytes(error.data.free)} are free.`,
        'Make room or choose another place. What was done so far stays.',
      ]
    case 'ARCHIVE_NOT_FOUND':
      return ['This archive is not in your library', 'It was forgotten, or never opened here.', 'Open its link again.']
    case 'ARCHIVE_NOT_READY':
      return [
        'This archive has not been found yet',
        'Nobody who has it could be reached so far.',
        'Cairn goes on looking. It works as soon as somebody is found.',
      ]
    case 'ARCHIVE_READ_ONLY':
      return ['This archive is not yours to change', 'Only its author can change it.', '']
    case 'ARCHIVE_SECRET_NEEDED':
      return [
        'This archive is private',
        'The link did not carry its secret, or a wrong one.',
        'Ask your friend for the whole link, with everything after #.',
      ]
    case 'ARCHIVE_DAMAGED':
      return [
        'The list of this archive cannot be read',
        'It is broken, by accident or on purpose.',
        'Tell its author. A later version may be whole again.',
      ]
    case 'ARCHIVE_CONFLICT':
      return [
        'Two different histories of this archive exist',
        'It is frozen, so that nobody is shown a wrong one. What you have stays readable.',
        'Its author has to repair it.',
      ]
    case 'NO_WARRANT':
      return [
        'There is nothing to repair or to prove',
        'Nothing is known of two histories of this archive.',
        'If you were told of one, look at the archive again while its author is connected.',
      ]
    case 'ARCHIVE_BEHIND':
      return [
        'This copy of your archive may be older than what you published',
        `Here it has version ${error.data.length}${error.data.published === null ? '' : `; version ${error.data.published} was published`}. Nothing is added before it has caught up: that could make two histories of it.`,
        'Stay connected: it goes on by itself as soon as a friend who has the newest version is there.',
      ]
    case 'VERSION_NOT_FOUND':
      if (error.data.version < error.data.newest)
        return [
          'There is no such version',
          `Version ${error.data.version} lies in the middle of a change, where no version ever was.`,
          'Choose one on the line of time, or under Changes.',
        ]
      return [
        'There is no such version',
        `The newest known here is version ${error.data.newest}; ${error.data.version} was asked for.`,
        'If your friend has published it just now, wait until you are connected.',
      ]
    case 'VERSION_TAKEN_BACK':
      return [
        'This version is no more',
        `Its author took version ${error.data.version} back, and may have written another one. What was taken of it by then stays where it is.`,
        'Look at what there is now, and take that.',
      ]
    case 'NOT_THE_PINNED_VERSION':
      return [
        'This is not the version that your friend pinned',
        `The link says ${error.data.expected}, and the archive says ${error.data.found}. Nothing of it is shown.`,
        'Ask your friend about it before you trust this archive.',
      ]
    case 'CONTENT_REPLACED':
      return [
        'What this file holds now is not here',
        'Its author has replaced what files of this archive held. What is here in its place is older, and is not shown as if it were this one.',
        'Say above whether to follow that: then it can be opened. Until then, an older version can.',
      ]
    case 'RECEIPT_WRONG':
      return error.data.what === 'receipt'
        ? ['This is no receipt', 'It was not made by Cairn, or it was changed since.', 'Ask for it again.']
        : [
            'This receipt is not for this file',
            'One of the two was changed, or they do not belong together.',
            'Ask for both again.',
          ]
    case 'RECEIPT_IMPOSSIBLE':
      return ['No receipt can be made for this', error.data.why, '']
    case 'PATH_TAKEN':
      return [
        `Something is called ${plainName(error.data.path)} already`,
        'Nothing was changed.',
        'Rename or remove one of the two first.',
      ]
    case 'PATH_NOT_FOUND':
      return [
        `${plainName(error.data.path)} is not there`,
        'This version of the archive does not have it.',
        'Look at the list of changes to find it.',
      ]
    case 'NOT_A_FILE':
      return [`${plainName(error.data.path)} is not a file`, '', 'Choose a file in it.']
    case 'NOT_AVAILABLE':
      return [
        'Nobody who is connected has this now',
        `The content of ${plainName(error.data.path)} is not on this device, and no connected peer holds it.`,
        'It works as soon as somebody who has it is there.',
      ]
    case 'SOURCE_NOT_FOUND':
      return [`${plainName(error.data.path)} is not there`, 'It was moved, renamed or removed.', 'Choose it again.']
    case 'SOURCE_UNREADABLE':
      return [
        `${plainName(error.data.path)} cannot be read`,
        `${error.data.why}.`,
        'Check its permissions, or leave it out.',
      ]
    case 'SOURCE_NAMES_CLASH':
      return [
        `Two things are called ${plainName(error.data.name)}`,
        error.data.paths.map(plainName).join(', '),
        'Rename one of them, or publish the folder that holds both.',
      ]
    case 'SOURCE_HOLDS_STORAGE':
      return [
        'That folder holds Cairn’s own storage',
        `Publishing ${plainName(error.data.path)} would publish ${plainName(error.data.storage)} with it.`,
        'Choose a folder inside it.',
      ]
    case 'SOURCE_DIFFERS':
      return [
        'This looks like another folder',
        `${plainName(error.data.path)} holds few of the files of this archive: ${number(error.data.found)} of ${number(error.data.of)}.`,
        'Choose the one that was moved. Nothing was changed.',
      ]
    case 'SOURCE_IN_USE':
      return [
        'Another archive is made from it',
        `${plainName(error.data.path)} is published already.`,
        'Choose another one, or stop sharing that archive first.',
      ]
    case 'SOURCE_WRONG_KIND':
      return [
        `${plainName(error.data.path)} is not a ${error.data.expected}`,
        `This archive is made from a ${error.data.expected}.`,
        `Choose a ${error.data.expected}.`,
      ]
    case 'SOURCE_PAUSED':
      return [
        'Its folder is paused, or still being added',
        `What is put into ${plainName(error.data.path)} now would not be published.`,
        'Go on with the folder first (⋯), then restore.',
      ]
    case 'RESTORE_UNFINISHED':
      return [
        'Files are still being restored in its folder',
        'Nothing of the folder is published before that is done.',
        'Go on with it in Transfers, or cancel it there.',
      ]
    case 'NOTHING_TO_PUBLISH':
      return [
        'There is nothing to publish',
        'Everything in it is empty, left out or unreadable.',
        'Choose something else.',
      ]
    case 'LOOKS_PRIVATE':
      return [
        'Some of it looks private',
        `${count(error.data.paths.length, 'file')} that look like keys or passwords.`,
        'Take them out, or say that you want them published.',
      ]
    case 'REVIEW_EXPIRED':
      return [
        'This was looked at too long ago',
        'The folder may have changed since.',
        'Choose it again. Nothing was published.',
      ]
    case 'FOLDER_NOT_WRITABLE':
      return [
        `Cairn cannot write to ${plainName(error.data.path)}`,
        `${capital(error.data.why)}.`,
        'Choose another folder.',
      ]
    case 'FOLDER_IN_USE':
      return [
        'That folder belongs to another archive',
        `${plainName(error.data.path)} follows an archive already.`,
        'Choose another folder, or make a new one.',
      ]
    case 'TRANSFER_NOT_FOUND':
      return ['This transfer is gone', 'It has ended and was cleared.', '']
    case 'UPLOAD_NOT_FOUND':
      return [
        'This upload is gone',
        'Cairn was restarted, or the upload was stopped.',
        'Drop the files again: what has arrived is kept.',
      ]
    case 'NETWORK_OFF':
      return ['Cairn is not connected', 'It was started without a network.', 'Start it again with a network.']
    case 'TOO_MUCH_TO_DRAG':
      return [
        'This is too much to be dragged',
        `${bytes(error.data.bytes)} would have to be copied first, and ${bytes(error.data.most)} is the most.`,
        'Download it instead: that can be paused, and goes on by itself.',
      ]
    case 'NOT_IN_THIS_SHELL':
      return ['A browser cannot do that', 'It needs the desktop app.', '']
    default:
      return assertNever(error)
  }
}

const capital = (text: string) => `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`

/** What exactly belongs there is in the details: few people know what a key looks like. */
const LINK_FORM = 'A link is hyper:// and 52 letters and digits, and may go on after them.'

function linkProblem({ link, at }: ErrorData['INVALID_LINK']): string {
  if (link.trim() === '') return 'It is empty.'
  // Nothing of it resembles one: the place where reading it ended would tell nobody anything.
  if (!/:|[a-z0-9]{20}/i.test(link)) return LINK_FORM
  const there = link.slice(at, at + 12)
  if (there === '') return 'Its end is missing.'
  const before = at > 0 ? '…' : ''
  const after = at + 12 < link.length ? '…' : ''
  return `Something is wrong or missing at “${before}${plainName(there)}${after}”. ${LINK_FORM}`
}
