/** From an argument list to one of the things that the CLI can do, and the help for each. Pure. */
import { isIPv4 } from 'node:net'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { LONGEST_MESSAGE } from '../../preload/contract/index.ts'
import { parseLink } from '../archives/links.ts'
import { bootstrapNodes, defaultStorage } from '../lib/places.ts'
import { CliError } from './failure.ts'
import { parseTimes } from './week.ts'

/** Characters of what a machine is called. */
const LONGEST_PERSON = 100

/** Bytes per second. */
const SLOWEST = 10_000

type Environment = Readonly<Record<string, string | undefined>>

type Option = {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  readonly short?: string
  readonly value?: string
  readonly help: string
}
type Options = Readonly<Record<string, Option>>

const COMMON = {
  storage: { type: 'string', value: 'DIR', help: "the folder that holds Cairn's data" },
  bootstrap: {
    type: 'string',
    multiple: true,
    value: 'HOST:PORT',
    help: 'a DHT node that replaces the public ones; may be repeated (also: CAIRN_BOOTSTRAP)',
  },
  json: {
    type: 'boolean',
    help: 'one JSON object per line on stdout, errors as {"error":{"code","message"}} on stderr',
  },
  adopt: {
    type: 'boolean',
    help: 'use a storage that was copied, restored or moved from another disk: no other copy of it may be in use',
  },
  help: { type: 'boolean', short: 'h', help: 'show this' },
} as const satisfies Options

const MESSAGE = { type: 'string', value: 'TEXT', help: 'what this version is, for everybody who has the link' } as const
const TIMEOUT = { type: 'string', value: 'SECONDS', help: 'how long to wait for peers' } as const

type Spec = {
  readonly usage: string
  readonly about: string
  readonly options: Options
  /** It has nothing to do with what Cairn keeps here, nor with others: it takes none of the options that say which. */
  readonly alone?: boolean
  /** How many words may follow the command. */
  readonly words: readonly [least: number, most: number]
  readonly more?: string
}

const SPECS = {
  serve: {
    usage: 'serve',
    about: 'Runs Cairn without a window and prints the address of its page, until it is stopped.',
    options: {
      port: { type: 'string', value: 'PORT', help: 'the port of the page on 127.0.0.1; any free one by default' },
      'allow-host': {
        type: 'string',
        multiple: true,
        value: 'NAME:PORT',
        help: 'another address under which the page is reached, as through an SSH tunnel',
      },
    },
    words: [0, 0],
    more: 'Where Cairn already runs on this storage, a fresh address of its page is printed.',
  },
  publish: {
    usage: 'publish PATH...',
    about: 'Shares a folder, a file, or several of both. Prints the link, then goes on sharing until it is stopped.',
    options: {
      title: { type: 'string', value: 'TEXT', help: 'the title that friends see; the name of the folder by default' },
      private: { type: 'boolean', help: 'encrypted: only who has the whole link can read it' },
      exclude: {
        type: 'string',
        multiple: true,
        value: 'GLOB',
        help: 'a path, or a pattern as in .gitignore, to leave out; may be repeated',
      },
      message: MESSAGE,
      yes: { type: 'boolean', short: 'y', help: 'publish also what looks private' },
      exit: { type: 'boolean', help: 'leave when everything is imported, instead of sharing on' },
    },
    words: [1, 1000],
    more: 'Refuses what looks private (keys, passwords, wallets) unless it is excluded or --yes is given. The rules of a .cairnignore file in the folder, in the syntax of .gitignore, hold as well.',
  },
  ls: {
    usage: 'ls LINK',
    about: 'Lists an archive or one of its folders. Downloads nothing else.',
    options: { recursive: { type: 'boolean', short: 'r', help: 'with everything below' }, timeout: TIMEOUT },
    words: [1, 1],
  },
  get: {
    usage: 'get LINK[/path] DEST',
    about: 'Downloads a file, a folder or everything into the folder DEST. Run again, it goes on where it stopped.',
    options: {
      zip: {
        type: 'string',
        value: 'FILE',
        help: 'as one zip instead of into a folder; - writes it to standard output',
      },
      overwrite: { type: 'boolean', help: 'replace files of yours that stand in the way' },
      timeout: TIMEOUT,
    },
    words: [1, 2],
    more: 'What cannot be written is listed at the end, with the reason; in a zip, in a text file too.',
  },
  link: {
    usage: 'link LINK[/path]',
    about: 'Prints the link to a file, a folder or everything, to what it is now or to one version.',
    options: {
      version: { type: 'string', value: 'N', help: 'a version, as cairn history shows them; the newest by default' },
      pin: {
        type: 'boolean',
        help: 'pinned: whoever opens it is shown this version, or told that it is not the one; not even its author can bend it',
      },
      timeout: TIMEOUT,
    },
    words: [1, 1],
  },
  receipt: {
    usage: 'receipt LINK/path [FOLDER]',
    about:
      'Makes a small proof that a file was in an archive at this path and version; with FOLDER, the file is downloaded there as well.',
    options: {
      out: {
        type: 'string',
        value: 'FILE',
        help: 'where the receipt goes; beside the file, or here, as NAME.cairn-receipt by default; - writes it to standard output',
      },
      overwrite: { type: 'boolean', help: 'replace files of yours that stand in the way' },
      timeout: TIMEOUT,
    },
    words: [1, 2],
    more: 'LINK+N/path is the file of version N. Whoever has the file and the receipt can check them with cairn verify, without any network. It proves what was signed with the key of the archive; it does not prove when, nor who has that key.',
  },
  verify: {
    usage: 'verify FILE RECEIPT',
    about:
      'Checks that a file is the one of which a receipt speaks. Needs no network, no storage and no running Cairn.',
    options: {},
    words: [2, 2],
    alone: true,
    more: 'Ends with exit code 0 if every bit of both is right, with 1 otherwise.',
  },
  keep: {
    usage: 'keep LINK [FOLDER]',
    about:
      'Holds a full copy, follows its changes and serves it to others until it is stopped; with FOLDER, as files in that folder too.',
    options: {
      only: {
        type: 'string',
        multiple: true,
        value: 'PATTERN',
        help: 'keep only this: a path of the archive, or a pattern as in .gitignore; may be repeated',
      },
      ask: { type: 'boolean', help: 'take no update without a yes: cairn status shows what waits, cairn take answers' },
      'no-ask': { type: 'boolean', help: 'take updates unasked again, as far as they are neither large nor removals' },
      growth: {
        type: 'string',
        value: 'SIZE',
        help: 'how much it may grow before you are asked, as in 500MB or 20GB; any: never asks. 5 GB by default',
      },
      exit: { type: 'boolean', help: 'leave when the copy is complete, instead of serving on' },
      timeout: TIMEOUT,
    },
    words: [1, 2],
    more: 'An update that takes away or overwrites more than half of it, or more than 1,000 files, always waits for your answer.',
  },
  take: {
    usage: 'take LINK',
    about: 'Answers the update of a kept archive that waits for you: takes it.',
    options: {
      list: { type: 'boolean', help: 'shows what it would change, file by file, and takes nothing' },
      choose: {
        type: 'string',
        multiple: true,
        value: 'PATTERN',
        help: 'takes only this of it: a path of the archive, or a pattern as in .gitignore; may be repeated',
      },
      stay: { type: 'boolean', help: 'stays on the version that is kept instead' },
    },
    words: [1, 1],
    more: 'What is not chosen stays as it is, and so does the archive, until you take the rest.',
  },
  holders: {
    usage: 'holders LINK[/path]',
    about:
      'Shows who else has what of an archive, a folder or a file, and whether it would be there without this machine.',
    options: {
      rarest: { type: 'string', value: 'N', help: 'also the N files that the fewest others hold' },
      timeout: TIMEOUT,
    },
    words: [1, 1],
    more: 'What others hold is what they say. Of those who are away it is shown what they held when they were seen last.',
  },
  free: {
    usage: 'free LINK[/path] [PATH...]',
    about:
      "Deletes copies of a friend's archive that enough others hold, to have their room. What opens them fetches them.",
    options: {
      others: { type: 'string', value: 'N', help: 'how many others must hold and keep a file; 2 by default' },
      'dry-run': { type: 'boolean', help: 'shows what would go, and changes nothing' },
      undo: { type: 'boolean', help: 'fetches and keeps again what was freed of it' },
      timeout: TIMEOUT,
    },
    words: [1, 1000],
    more: 'They must be connected, do more than look, and promise to keep it. Later versions are kept as before.',
  },
  call: {
    usage: 'call KEY [NAME]',
    about:
      'Gives another machine a name of yours, which stands for its key in lists and on the page. Nobody else sees it.',
    options: { remove: { type: 'boolean', help: 'takes the name away' } },
    words: [1, 2],
    more: 'KEY, or its first letters, is what cairn holders and cairn peers show. Without NAME: what it is called now.',
  },
  disk: {
    usage: 'disk [LINK[/path]]',
    about: 'Shows what archives take on this machine, or one of them by its files.',
    options: {
      clear: { type: 'boolean', help: 'deletes what was looked at and is not kept, and gives its room back' },
      cache: { type: 'string', value: 'SIZE', help: 'how much of that may stay, from now on, as in 20GB' },
    },
    words: [0, 1],
  },
  notify: {
    usage: 'notify [LINK]',
    about:
      "Says whether the page notifies you of changes, to a friend's archive or in general, and switches that on or off.",
    options: {
      on: { type: 'boolean', help: 'notifies you from now on' },
      off: { type: 'boolean', help: 'does not: what is new is counted in the library all the same' },
    },
    words: [0, 1],
  },
  watch: {
    usage: 'watch LINK',
    about: 'Waits until somebody who has an archive is there, however long that takes, and says so.',
    options: {
      stop: { type: 'boolean', help: 'watch for it no longer' },
      timeout: { type: 'string', value: 'SECONDS', help: 'how long to wait; for ever by default' },
    },
    words: [1, 1],
    more: 'Stopped before that, it stays watched for: the page of the next Cairn on this storage tells when it is found, and cairn status too.',
  },
  history: {
    usage: 'history LINK',
    about: 'Lists what changed and when, newest first.',
    options: {
      changes: { type: 'boolean', help: 'with the files of each change' },
      version: { type: 'string', value: 'N', help: 'from this version on, back; the newest by default' },
      limit: { type: 'string', value: 'N', help: 'no more than so many' },
      timeout: TIMEOUT,
    },
    words: [1, 1],
  },
  diff: {
    usage: 'diff LINK[/path] A B',
    about:
      'Shows what differs between version A and version B: the files of an archive or a folder, or the lines of one text. A may be 0, the beginning.',
    options: { timeout: TIMEOUT },
    words: [3, 3],
  },
  versions: {
    usage: 'versions LINK[/path]',
    about:
      'Lists the versions that have a name, or when one file was added and changed, newest first. cairn get LINK+VERSION/path takes one of them.',
    options: { timeout: TIMEOUT },
    words: [1, 1],
  },
  name: {
    usage: 'name LINK [NAME] --version N',
    about: 'Gives a version a name, such as v1.0; without NAME it has none any more.',
    options: { version: { type: 'string', value: 'N', help: 'the version; also LINK+N. The newest by default' } },
    words: [1, 2],
    more: "Readers see the names in an archive of yours. What you call versions of a friend's stays with you.",
  },
  describe: {
    usage: 'describe LINK [TEXT|-] --version N',
    about:
      'Says what a version of an archive of yours is, also afterwards; without TEXT, nothing is said of it any more.',
    options: {
      version: {
        type: 'string',
        value: 'N',
        help: 'the version; also LINK+N. By default the newest that changed anything',
      },
    },
    words: [1, 2],
    more: 'Readers see it in the list of changes. - reads the text from standard input; 500 characters at most.',
  },
  gone: {
    usage: 'gone LINK[/path]',
    about: 'Lists what was in a folder and is gone, newest first, with the last version that had it.',
    options: {
      find: { type: 'string', value: 'TEXT', help: 'everything below it whose name holds this' },
      all: { type: 'boolean', help: 'looks back to the beginning, however long that is' },
      timeout: TIMEOUT,
    },
    words: [1, 1],
    more: 'cairn get LINK+VERSION/path FOLDER takes it; of an archive of yours, cairn restore brings it back.',
  },
  restore: {
    usage: 'restore LINK [PATH] --version N',
    about: 'Makes a file, a folder or all of an archive of yours what it was in an earlier version, as a new version.',
    options: { version: { type: 'string', value: 'N', help: 'the version; also LINK+N' }, message: MESSAGE },
    words: [1, 2],
    more: 'Where the archive follows a folder, the folder is changed. What it holds is published before, and nothing is lost.',
  },
  follow: {
    usage: 'follow LINK',
    about:
      'Answers an archive whose author took versions back, or mended it after a fork: follows, and gives up what is no more.',
    options: { stay: { type: 'boolean', help: 'stays on what is here instead, and keeps it' } },
    words: [1, 1],
    more: 'cairn status shows what waits, and which versions would be lost.',
  },
  warrant: {
    usage: 'warrant LINK --out FILE',
    about:
      'Writes the proof that two histories of an archive were signed with its key into a file, or checks such a file.',
    options: {
      out: { type: 'string', value: 'FILE', help: 'where it goes; - writes it to standard output' },
      check: { type: 'string', value: 'FILE', help: 'check this one instead, without any peer or storage' },
    },
    words: [0, 1],
    more: 'It proves that both were signed with the secret key. It does not prove by whom, nor when, nor which one came first.',
  },
  repair: {
    usage: 'repair LINK',
    about:
      'Ends a fork of an archive of yours: what is on this machine is its history from then on. Says first what is lost.',
    options: {
      to: {
        type: 'string',
        value: 'VERSION',
        help: 'only up to this version, as the last one that both histories have',
      },
      yes: { type: 'boolean', short: 'y', help: 'do it' },
    },
    words: [1, 1],
    more: 'Also goes on with a copy that may be older than what was published, where nobody is there to catch up from. To be done on one machine only. Readers are asked to follow, and keep what they have until they do.',
  },
  network: {
    usage: 'network',
    about:
      'Says how this machine can be reached, what that is known from, and what helps; then what the network was told.',
    options: {
      table: { type: 'boolean', help: 'with the nodes that are known, by how close they are' },
      'begin-with': {
        type: 'string',
        multiple: true,
        value: 'HOST:PORT',
        help: 'from now on, begin with this node in place of the public ones; may be repeated; public: with those again',
      },
    },
    words: [0, 0],
  },
  check: {
    usage: 'check LINK',
    about: 'Tries to open a link as a friend would who has nothing else, and says how far that got.',
    options: {},
    words: [1, 1],
    more: 'Of your own link it says what can be told from this machine: a friend may have a router of their own in the way. Exit code 0 if verified content came, 3 otherwise.',
  },
  lookup: {
    usage: 'lookup LINK',
    about: 'Asks the network who announces an archive, and shows it node by node, with how close each is.',
    options: {
      fresh: { type: 'boolean', help: 'begins with nothing, as a stranger does, and not with what is known here' },
    },
    words: [1, 1],
  },
  dht: {
    usage: 'dht --port N',
    about:
      'Runs nodes of a network of your own, with which others begin, until it is stopped. Prints what they have to say.',
    options: {
      port: { type: 'string', value: 'N', help: 'the UDP port of the first node; the others take the ports after it' },
      host: {
        type: 'string',
        value: 'ADDRESS',
        help: 'the IPv4 address at which others reach this machine; one of its own by default',
      },
      nodes: {
        type: 'string',
        value: 'K',
        help: 'how many nodes; 6 by default, since fewer cannot tell people how they are seen',
      },
    },
    words: [0, 0],
    alone: true,
    more: 'Keeps nothing on the disk, and needs no storage. Nobody of the public network is asked.',
  },
  status: {
    usage: 'status',
    about: 'Shows what Cairn has on this machine and what it is doing.',
    options: {},
    words: [0, 0],
  },
  rules: {
    usage: 'rules LINK|PATH',
    about: 'Shows what an archive of yours publishes of its folder and what stays out by which rule, or changes that.',
    options: {
      ignore: {
        type: 'string',
        multiple: true,
        value: 'PATTERN',
        help: 'leave out from the next version on: a path of the archive, or a pattern as in .gitignore; may be repeated',
      },
      include: {
        type: 'string',
        multiple: true,
        value: 'PATTERN',
        help: 'take in what one of the rules leaves out; may be repeated',
      },
      message: MESSAGE,
    },
    words: [1, 1],
    more: 'What leaves stays in older versions, and in the copies that others have.',
  },
  'move-source': {
    usage: 'move-source LINK|PATH NEWPATH',
    about: 'The folder that an archive of yours is made from was moved: follows it at its new place.',
    options: {
      from: { type: 'string', value: 'PATH', help: 'which one was moved, of an archive that is made from several' },
      force: { type: 'boolean', help: 'also if it holds few of the files of the archive' },
    },
    words: [2, 2],
    more: 'Nothing is imported again that has kept its size and time.',
  },
  peers: {
    usage: 'peers [LINK]',
    about: 'Shows who is connected, what they get and give, and what has passed today and ever.',
    options: {},
    words: [0, 1],
  },
  limits: {
    usage: 'limits [LINK]',
    about: 'Shows how quickly may be fetched and served, of everything or of one archive, or changes that.',
    options: {
      down: {
        type: 'string',
        value: 'SIZE',
        help: 'what may come in a second, as in 500kB or 5MB; any: as much as there is',
      },
      up: { type: 'string', value: 'SIZE', help: 'what may be sent in a second' },
      at: {
        type: 'string',
        value: 'TIMES',
        help: 'these hold only then, as in "weekdays 9:00-17:00" or "fri,sat 22:00-6:00"; none: forgets all such times',
      },
      connections: { type: 'string', value: 'N', help: 'so many machines may be connected at once' },
    },
    words: [0, 1],
    more: 'Limits hold for what travels inside of connections; packets put about two percent around it. They hold at once.',
  },
  room: {
    usage: 'room [on|off]',
    about:
      'Shows who runs Cairn on the local network, where friends are found without internet; switches that on or off.',
    options: {},
    words: [0, 1],
    more: 'Others there can tell that Cairn runs here, and nothing of what you share.',
  },
  pause: {
    usage: 'pause LINK|PATH|--all',
    about:
      "Publishes no changes of the folder of an archive of yours until cairn resume. A friend's archive is neither fetched nor served.",
    more: 'An archive of yours stays shared as it is. With --all nothing at all is fetched or served.',
    options: { all: { type: 'boolean', help: 'everything: nothing is fetched, served, looked up or announced' } },
    words: [0, 1],
  },
  resume: {
    usage: 'resume LINK|PATH|--all [--remove]',
    about: "Publishes the changes of a paused folder again, or goes on with a friend's archive.",
    options: {
      all: { type: 'boolean', help: 'everything that cairn pause --all has stopped' },
      remove: {
        type: 'boolean',
        help: 'yes: what is gone from the folder, as cairn status asks, leaves the next version',
      },
      message: { ...MESSAGE, help: 'with --remove: what that version is, for everybody who has the link' },
    },
    words: [0, 1],
  },
  forget: {
    usage: 'forget LINK',
    about: 'Stops sharing or keeping an archive and deletes its data from the storage. Copies that others hold stay.',
    options: {},
    words: [1, 1],
  },
} as const satisfies Record<string, Spec>

export type CommandName = keyof typeof SPECS

export type Common = {
  readonly storage: string
  readonly bootstrap: readonly string[] | null
  readonly json: boolean
  readonly adopt?: boolean
}
export type Command =
  | { readonly name: 'help'; readonly text: string }
  | { readonly name: 'version' }
  | ({ readonly name: 'serve'; readonly port: number | null; readonly allowHosts: readonly string[] } & Common)
  | ({
      readonly name: 'publish'
      readonly paths: readonly string[]
      readonly title: string | null
      readonly private: boolean
      readonly exclude: readonly string[]
      readonly message: string | null
      readonly yes: boolean
      readonly exit: boolean
    } & Common)
  | ({
      readonly name: 'ls'
      readonly link: string
      readonly recursive: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'get'
      readonly link: string
      readonly to: { readonly folder: string } | { readonly zip: string }
      readonly overwrite: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'link'
      readonly link: string
      /** null: that of the link, or the newest. */
      readonly version: number | null
      readonly pin: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'receipt'
      readonly link: string
      readonly folder: string | null
      /** null: beside the file, or here. */
      readonly out: string | null
      readonly overwrite: boolean
      readonly timeout: number | null
    } & Common)
  | ({ readonly name: 'verify'; readonly file: string; readonly receipt: string } & Common)
  | ({
      readonly name: 'keep'
      readonly link: string
      readonly folder: string | null
      readonly only: readonly string[]
      /** null: as it is. */
      readonly ask: boolean | null
      readonly growth: number | 'any' | null
      readonly exit: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'call'
      /** A public key, or its beginning. */
      readonly machine: string
      /** null: none any more; undefined: as it is. */
      readonly called: string | null | undefined
    } & Common)
  | ({
      readonly name: 'notify'
      /** null: all archives. */
      readonly link: string | null
      /** null: as it is. */
      readonly on: boolean | null
    } & Common)
  | ({
      readonly name: 'watch'
      readonly link: string
      readonly stop: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'history'
      readonly link: string
      readonly changes: boolean
      readonly version: number | null
      readonly limit: number | null
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'diff'
      readonly link: string
      readonly from: number
      readonly to: number
      readonly timeout: number | null
    } & Common)
  | ({ readonly name: 'versions'; readonly link: string; readonly timeout: number | null } & Common)
  | ({
      readonly name: 'name'
      readonly link: string
      /** null: none any more. */
      readonly called: string | null
      readonly version: number | null
    } & Common)
  | ({
      readonly name: 'describe'
      readonly link: string
      /** null: nothing is said any more. */
      readonly text: string | null
      readonly version: number | null
    } & Common)
  | ({
      readonly name: 'gone'
      readonly link: string
      /** Of names; null: what lay in the folder itself. */
      readonly part: string | null
      readonly all: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'restore'
      readonly link: string
      /** Of the archive; null: that of the link. */
      readonly path: string | null
      readonly version: number | null
      readonly message: string | null
    } & Common)
  | ({
      readonly name: 'take'
      readonly link: string
      readonly list: boolean
      readonly choose: readonly string[]
      readonly stay: boolean
    } & Common)
  | ({
      readonly name: 'holders'
      readonly link: string
      readonly rarest: number | null
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'free'
      readonly link: string
      readonly paths: readonly string[]
      readonly others: number
      readonly dryRun: boolean
      readonly undo: boolean
      readonly timeout: number | null
    } & Common)
  | ({
      readonly name: 'disk'
      readonly link: string | null
      readonly clear: boolean
      readonly cache: number | null
    } & Common)
  | ({ readonly name: 'follow'; readonly link: string; readonly stay: boolean } & Common)
  | ({ readonly name: 'warrant'; readonly link: string; readonly out: string } & Common)
  | ({ readonly name: 'check-warrant'; readonly file: string } & Common)
  | ({ readonly name: 'repair'; readonly link: string; readonly to: number | null; readonly yes: boolean } & Common)
  | ({
      readonly name: 'network'
      readonly table: boolean
      /** null: it stays as it is; empty: the public ones. */
      readonly beginWith: readonly string[] | null
    } & Common)
  | ({ readonly name: 'check'; readonly link: string } & Common)
  | ({ readonly name: 'lookup'; readonly link: string; readonly fresh: boolean } & Common)
  | ({
      readonly name: 'dht'
      readonly port: number
      readonly host: string | null
      readonly nodes: number
    } & Common)
  | ({ readonly name: 'status' } & Common)
  | ({
      readonly name: 'rules'
      readonly target: string
      readonly ignore: readonly string[]
      readonly include: readonly string[]
      readonly message: string | null
    } & Common)
  | ({
      readonly name: 'move-source'
      readonly target: string
      readonly to: string
      readonly from: string | null
      readonly force: boolean
    } & Common)
  | ({ readonly name: 'peers'; readonly link: string | null } & Common)
  | ({
      readonly name: 'limits'
      readonly link: string | null
      /** Bytes per second; null: as it is. */
      readonly down: number | 'any' | null
      readonly up: number | 'any' | null
      readonly at: ReturnType<typeof parseTimes> | 'none'
      readonly connections: number | null
    } & Common)
  /** `wanted` null: as it is. */
  | ({ readonly name: 'room'; readonly wanted: boolean | null } & Common)
  /** `target` null: everything. */
  | ({ readonly name: 'pause'; readonly target: string | null } & Common)
  | ({
      readonly name: 'resume'
      readonly target: string | null
      readonly remove: boolean
      readonly message: string | null
    } & Common)
  | ({ readonly name: 'forget'; readonly link: string } & Common)

/** Where a zip, a receipt or a proof goes that is not written to a file. */
export const TO_STDOUT = '-'

/** A link that is to be read from standard input: arguments can be seen by every account of the machine. */
export const FROM_STDIN = '-'

const ALL_OPTIONS: Options = Object.assign({}, COMMON, ...Object.values(SPECS).map(({ options }) => options)) as Options

/** Throws CliError USAGE for what it does not understand, and INVALID_LINK for what is no link. */
export function parseArguments(args: readonly string[], environment: Environment): Command {
  const loose = parseArgs({
    args: [...args],
    options: { ...bare(ALL_OPTIONS), version: { type: 'boolean', short: 'v' } },
    strict: false,
    allowPositionals: true,
  })
  const [name] = loose.positionals
  if (name === undefined && loose.values['version'] === true) return { name: 'version' }
  if (name === undefined && (loose.values['help'] === true || args.length === 0))
    return { name: 'help', text: helpFor(null) }
  if (name === undefined) throw usage('Which command?', null)
  if (name === 'help') {
    const about = loose.positionals[1]
    return { name: 'help', text: helpFor(about !== undefined && isCommand(about) ? about : null) }
  }
  if (!isCommand(name)) throw usage(`There is no command "${name}".`, null)
  if (loose.values['help'] === true) return { name: 'help', text: helpFor(name) }
  const { values, positionals } = parseStrictly(name, args)
  const words = positionals.slice(1)
  const [least, most] = SPECS[name].words
  if (words.length < least || words.length > most)
    throw usage(words.length < least ? 'Something is missing.' : `"${words[most] ?? ''}" is one too many.`, name)
  return build(name, words, new Values(values, name), environment)
}

function build(name: CommandName, words: readonly string[], values: Values, environment: Environment): Command {
  const common: Common = {
    storage: resolve(values.text('storage') ?? defaultStorage(environment)),
    bootstrap: values.nodes('bootstrap', environment),
    json: values.flag('json'),
    ...(values.flag('adopt') ? { adopt: true } : {}),
  }
  const [first = '', second = null] = words
  switch (name) {
    case 'serve':
      return { name, ...common, port: values.number('port', 65_535, /^\d+$/), allowHosts: values.texts('allow-host') }
    case 'publish':
      return {
        name,
        ...common,
        paths: words,
        title: values.text('title'),
        private: values.flag('private'),
        exclude: values.texts('exclude'),
        message: values.message(),
        yes: values.flag('yes'),
        exit: values.flag('exit'),
      }
    case 'ls':
      return {
        name,
        ...common,
        link: checkedLink(first),
        recursive: values.flag('recursive'),
        timeout: values.number('timeout', 86_400),
      }
    case 'get':
      return {
        name,
        ...common,
        link: checkedLink(first),
        to: destination(second, values.text('zip')),
        overwrite: values.flag('overwrite'),
        timeout: values.number('timeout', 86_400),
      }
    case 'link':
      return {
        name,
        ...common,
        link: checkedLink(first),
        version: values.number('version', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        pin: values.flag('pin'),
        timeout: values.number('timeout', 86_400),
      }
    case 'receipt':
      return {
        name,
        ...common,
        link: checkedLink(first),
        folder: second,
        out: values.text('out'),
        overwrite: values.flag('overwrite'),
        timeout: values.number('timeout', 86_400),
      }
    case 'verify':
      return { name, ...common, file: first, receipt: second ?? '' }
    case 'keep':
      if (second !== null && values.texts('only').length > 0)
        throw usage('A folder follows all of an archive: leave out either FOLDER or --only.', name)
      return {
        name,
        ...common,
        link: checkedLink(first),
        folder: second,
        only: values.texts('only'),
        ask: values.flag('ask') ? true : values.flag('no-ask') ? false : null,
        growth: values.text('growth') === 'any' ? 'any' : values.size('growth'),
        exit: values.flag('exit'),
        timeout: values.number('timeout', 86_400),
      }
    case 'call': {
      const remove = values.flag('remove')
      const called = second?.trim()
      // As it is shown elsewhere.
      const machine = first.replace(/(…|\.{3})$/, '')
      if (!/^[ybndrfg8ejkmcpqxot1uwisza345h769]{6,52}$/.test(machine))
        throw usage('KEY is the key of a machine, or its first letters, six at least.', name)
      if (remove && called !== undefined) throw usage('A name or --remove? Leave out either of both.', name)
      if (called !== undefined && (called === '' || called.length > LONGEST_PERSON))
        throw usage(`A name has ${LONGEST_PERSON} characters at most, and one at least.`, name)
      return { name, ...common, machine, called: remove ? null : called }
    }
    case 'notify':
      if (values.flag('on') && values.flag('off')) throw usage('On or off? Leave out either of both.', name)
      return {
        name,
        ...common,
        link: words.length === 0 ? null : checkedLink(first),
        on: values.flag('on') ? true : values.flag('off') ? false : null,
      }
    case 'watch':
      return {
        name,
        ...common,
        link: checkedLink(first),
        stop: values.flag('stop'),
        timeout: values.number('timeout', 86_400),
      }
    case 'history':
      return {
        name,
        ...common,
        link: checkedLink(first),
        changes: values.flag('changes'),
        version: values.number('version', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        limit: values.number('limit', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        timeout: values.number('timeout', 86_400),
      }
    case 'diff':
      return {
        name,
        ...common,
        link: checkedLink(first),
        ...versionsBetween(second, words[2]),
        timeout: values.number('timeout', 86_400),
      }
    case 'versions':
      return { name, ...common, link: checkedLink(first), timeout: values.number('timeout', 86_400) }
    case 'name':
      return { name, ...common, link: checkedLink(first), called: second, version: version(values) }
    case 'describe':
      if (first === FROM_STDIN && second === FROM_STDIN)
        throw usage('Only one of the link and the text can come from standard input.', name)
      return { name, ...common, link: checkedLink(first), text: second, version: version(values) }
    case 'gone':
      return {
        name,
        ...common,
        link: checkedLink(first),
        part: values.text('find'),
        all: values.flag('all'),
        timeout: values.number('timeout', 86_400),
      }
    case 'restore':
      return {
        name,
        ...common,
        link: checkedLink(first),
        path: second === null ? null : second.startsWith('/') ? second : `/${second}`,
        version: version(values),
        message: values.message(),
      }
    case 'take': {
      const [list, choose, stay] = [values.flag('list'), values.texts('choose'), values.flag('stay')]
      if ([list, choose.length > 0, stay].filter(Boolean).length > 1)
        throw usage('Say one of --list, --choose and --stay.', name)
      return { name, ...common, link: checkedLink(first), list, choose, stay }
    }
    case 'holders':
      return {
        name,
        ...common,
        link: checkedLink(first),
        rarest: values.number('rarest', 1000, /^[1-9]\d*$/),
        timeout: values.number('timeout', 86_400),
      }
    case 'free':
      return {
        name,
        ...common,
        link: checkedLink(first),
        paths: words.slice(1),
        others: values.number('others', 100, /^[1-9]\d*$/) ?? 2,
        dryRun: values.flag('dry-run'),
        undo: values.flag('undo'),
        timeout: values.number('timeout', 86_400),
      }
    case 'disk':
      return {
        name,
        ...common,
        link: first === '' ? null : checkedLink(first),
        clear: values.flag('clear'),
        cache: values.size('cache'),
      }
    case 'follow':
      return { name, ...common, link: checkedLink(first), stay: values.flag('stay') }
    case 'warrant': {
      const [out, check] = [values.text('out'), values.text('check')]
      if ((out === null) === (check === null) || (check === null) !== (first !== ''))
        throw usage('Either a LINK and --out FILE, or --check FILE.', name)
      if (check !== null) return { name: 'check-warrant', ...common, file: check }
      return { name, ...common, link: checkedLink(first), out: out ?? '' }
    }
    case 'repair':
      return {
        name,
        ...common,
        link: checkedLink(first),
        to: values.number('to', Number.MAX_SAFE_INTEGER, /^[1-9]\d*$/),
        yes: values.flag('yes'),
      }
    case 'network': {
      const given = values.texts('begin-with')
      const beginWith = given.length === 0 ? null : given.length === 1 && given[0] === 'public' ? [] : given
      if (beginWith !== null && beginWith.length > 0) values.nodes('begin-with', {})
      return { name, ...common, table: values.flag('table'), beginWith }
    }
    case 'check':
      return { name, ...common, link: checkedLink(first) }
    case 'lookup':
      return { name, ...common, link: checkedLink(first), fresh: values.flag('fresh') }
    case 'dht': {
      const [port, host] = [values.number('port', 65_535, /^[1-9]\d*$/), values.text('host')]
      if (port === null) throw usage('Something is missing: --port N.', name)
      if (host !== null && (!isIPv4(host) || host === '0.0.0.0'))
        throw usage(`--host wants the IPv4 address at which others reach this machine, not "${host}".`, name)
      return { name, ...common, port, host, nodes: values.number('nodes', 64, /^[1-9]\d*$/) ?? 6 }
    }
    case 'status':
      return { name, ...common }
    case 'rules':
      return {
        name,
        ...common,
        target: checkedTarget(first),
        ignore: values.texts('ignore'),
        include: values.texts('include'),
        message: values.message(),
      }
    case 'move-source':
      return {
        name,
        ...common,
        target: checkedTarget(first),
        to: second ?? '',
        from: values.text('from'),
        force: values.flag('force'),
      }
    case 'peers':
      return { name, ...common, link: first === '' ? null : checkedLink(first) }
    case 'limits': {
      const [at, connections] = [values.text('at'), values.number('connections', 1000, /^[1-9]\d*$/)]
      const times = at === null || at === 'none' ? null : parseTimes(at)
      if (at !== null && at !== 'none' && times === null)
        throw usage(`--at wants days and times, as in "weekdays 9:00-17:00", not "${at}".`, name)
      if (first !== '' && (at !== null || connections !== null))
        throw usage('--at and --connections are of everything: leave out the link.', name)
      const [down, up] = [values.rate('down'), values.rate('up')]
      if (times !== null && down === null && up === null)
        throw usage('Say with --down or --up what holds at that time.', name)
      const link = first === '' ? null : checkedLink(first)
      return { name, ...common, link, down, up, at: at === 'none' ? 'none' : times, connections }
    }
    case 'room':
      if (!['', 'on', 'off'].includes(first)) throw usage(`It is on or off, not "${first}".`, name)
      return { name, ...common, wanted: first === '' ? null : first === 'on' }
    case 'pause':
      return { name, ...common, target: targetOrAll(first, values) }
    case 'resume':
      if (values.text('message') !== null && !values.flag('remove'))
        throw usage('--message goes with --remove: without it there is no version to be described.', name)
      return {
        name,
        ...common,
        target: targetOrAll(first, values),
        remove: values.flag('remove'),
        message: values.message(),
      }
    case 'forget':
      return { name, ...common, link: checkedLink(first) }
  }
}

const version = (values: Values) => values.number('version', Number.MAX_SAFE_INTEGER, /^\d+$/)

function destination(
  folder: string | null,
  zip: string | null,
): { readonly folder: string } | { readonly zip: string } {
  if (folder !== null && zip !== null) throw usage('It goes into a folder or into a zip, not both.', 'get')
  if (zip !== null) return { zip }
  if (folder === null) throw usage('Something is missing: the folder that it goes to.', 'get')
  return { folder }
}

/** Before anything is started for it. */
function versionsBetween(from: string | null, to = ''): { readonly from: number; readonly to: number } {
  const [earlier, later] = [from ?? '', to].map(word => (/^\d{1,15}$/.test(word) ? Number(word) : Number.NaN))
  if (earlier === undefined || later === undefined || !(earlier < later))
    throw usage('Two versions, the earlier one first, as cairn history shows them.', 'diff')
  return { from: earlier, to: later }
}

function checkedLink(link: string): string {
  if (link !== FROM_STDIN) parseLink(link)
  return link
}

/** What an archive of one's own is named by: its link, or what it is made from. */
export const isLink = (target: string): boolean => target === FROM_STDIN || target.includes('://')

/** null: everything. */
function targetOrAll(first: string, values: Values): string | null {
  if (values.flag('all') === (first !== '')) throw usage('Either a LINK or PATH, or --all.', 'pause')
  return first === '' ? null : checkedTarget(first)
}

const checkedTarget = (target: string): string => (isLink(target) ? checkedLink(target) : target)

class Values {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #command: CommandName

  constructor(values: Readonly<Record<string, unknown>>, command: CommandName) {
    this.#values = values
    this.#command = command
  }

  flag(name: string): boolean {
    return this.#values[name] === true
  }

  text(name: string): string | null {
    const value = this.#values[name]
    if (value === '') throw usage(`--${name} is empty.`, this.#command)
    return typeof value === 'string' ? value : null
  }

  /** What is said of a version; null: nothing. */
  message(): string | null {
    const text = this.text('message')
    if (text !== null && text.trim().length > LONGEST_MESSAGE)
      throw usage(`--message is longer than ${LONGEST_MESSAGE} characters.`, this.#command)
    return text
  }

  texts(name: string): readonly string[] {
    return (this.#values[name] as readonly string[] | undefined) ?? []
  }

  number(name: string, most: number, form = /^\d+(\.\d+)?$/): number | null {
    const text = this.text(name)
    if (text === null) return null
    const value = Number(text)
    if (!form.test(text) || value > most)
      throw usage(`--${name} wants a number up to ${most}, not "${text}".`, this.#command)
    return value
  }

  /** In bytes. */
  size(name: string): number | null {
    const text = this.text(name)
    if (text === null) return null
    const match = /^(\d+(?:\.\d+)?)\s*([kMGT]?)B?$/i.exec(text)
    const power = ['', 'k', 'm', 'g', 't'].indexOf((match?.[2] ?? '').toLowerCase())
    const bytes = Math.round(Number(match?.[1]) * 1000 ** power)
    if (match === null || !Number.isSafeInteger(bytes))
      throw usage(`--${name} wants a size such as 500MB or 20GB, not "${text}".`, this.#command)
    return bytes
  }

  /** In bytes per second. */
  rate(name: string): number | 'any' | null {
    if (this.text(name) === 'any') return 'any'
    const bytes = this.size(name)
    if (bytes !== null && bytes < SLOWEST)
      throw usage(`--${name} wants 10kB at least: a single block would take minutes.`, this.#command)
    return bytes
  }

  /** Those of the environment where none are given. */
  nodes(name: string, environment: Environment): readonly string[] | null {
    try {
      return bootstrapNodes(this.texts(name), environment)
    } catch (error) {
      throw usage(`${(error as Error).message}.`, this.#command)
    }
  }
}

function parseStrictly(
  name: CommandName,
  args: readonly string[],
): { readonly values: Readonly<Record<string, unknown>>; readonly positionals: readonly string[] } {
  try {
    return parseArgs({ args: [...args], options: bare(optionsOf(name)), allowPositionals: true })
  } catch (error) {
    throw usage(
      (error as Error).message.split(/\. To specify|\n/)[0]?.replace(/\.?$/, '.') ?? 'That is not understood.',
      name,
    )
  }
}

/** Its own first. */
function optionsOf(name: CommandName): Options {
  const { alone, options }: Spec = SPECS[name]
  return { ...options, ...(alone ? { json: COMMON.json, help: COMMON.help } : COMMON) }
}

type Bare = Record<string, { type: 'string' | 'boolean'; multiple?: boolean; short?: string }>

function bare(options: Options): Bare {
  return Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple, short }]) => [
      name,
      { type, ...(multiple ? { multiple } : {}), ...(short ? { short } : {}) },
    ]),
  )
}

const isCommand = (name: string): name is CommandName => Object.hasOwn(SPECS, name)

const usage = (message: string, command: CommandName | null) =>
  new CliError('USAGE', `${message} Try: cairn ${command === null ? '--help' : `${command} --help`}`)

/** null: the overview. */
export function helpFor(command: CommandName | null): string {
  if (command === null) {
    const width = Math.max(...Object.values(SPECS).map(({ usage }) => usage.length))
    return [
      'Cairn shares folders with the people you know, from your machine to theirs.',
      '',
      'Usage: cairn COMMAND',
      '',
      ...Object.values(SPECS).map(
        ({ usage, about }) => `  ${usage.padEnd(width)}  ${about.split('. ')[0]?.replace(/\.$/, '')}.`,
      ),
      '',
      'Options of all commands that have to do with archives:',
      ...optionLines(COMMON),
      '',
      'A LINK of - is read from standard input, so that nobody else on the machine sees it.',
      '',
      ...EXIT_CODES,
      '',
      'cairn COMMAND --help says more. cairn --version prints the version.',
    ].join('\n')
  }
  const spec: Spec = SPECS[command]
  return [
    `Usage: cairn ${spec.usage} [options]`,
    '',
    spec.about,
    ...(spec.more ? [spec.more] : []),
    '',
    'Options:',
    ...optionLines(optionsOf(command)),
    '',
    ...EXIT_CODES,
  ].join('\n')
}

function optionLines(options: Options): readonly string[] {
  const names = Object.entries(options).map(
    ([name, { short, value }]) => `${short ? `-${short}, ` : '    '}--${name}${value ? ` ${value}` : ''}`,
  )
  const width = Math.max(...names.map(name => name.length))
  return Object.values(options).map(({ help }, index) => `  ${names[index]?.padEnd(width)}  ${help}`)
}

const EXIT_CODES = [
  'Exit codes: 0 done, 1 failed, 2 not understood (arguments or link), 3 nobody could be reached in time,',
  '            4 refused because it looks private, 5 the storage is in use or cannot be used, 130 stopped before the end.',
]
