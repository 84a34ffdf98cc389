/**
 * Every command of the CLI with its words and options: the one source of what is parsed, of `--help`, of the man page and of
 * what a shell completes. Data only, so that whoever asks for a name loads nothing else.
 */

/** What stands in place of a word or a value, as far as a shell can offer something. `path`: a file or a folder. */
export type Wanted = 'link' | 'file' | 'folder' | 'path' | 'text' | readonly string[]

export type Option = {
  readonly type: 'string' | 'boolean'
  readonly multiple?: boolean
  readonly short?: string
  /** What stands for it in the help: FILE, DIR and PATH are of this machine. */
  readonly value?: string
  readonly help: string
}
export type Options = Readonly<Record<string, Option>>

export const COMMON = {
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
  /** For a list of all commands: 62 characters at most, without a full stop. */
  readonly short: string
  readonly about: string
  readonly options: Options
  /** How many words may follow the command. */
  readonly words: readonly [least: number, most: number]
  /** What they are; the last one stands for all that follow. */
  readonly takes?: readonly Wanted[]
  /** It has nothing to do with what Cairn keeps here, nor with others: it takes none of the options that say which. */
  readonly alone?: boolean
  readonly more?: string
}

const SPECS = {
  serve: {
    usage: 'serve',
    short: 'Runs Cairn without a window, with its page for a browser',
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
    short: 'Shares a folder or files, and prints the link',
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
    takes: ['path'],
    more: 'Refuses what looks private (keys, passwords, wallets) unless it is excluded or --yes is given. The rules of a .cairnignore file in the folder, in the syntax of .gitignore, hold as well.',
  },
  ls: {
    usage: 'ls LINK',
    short: 'Lists what is in an archive',
    about: 'Lists an archive or one of its folders. Downloads nothing else.',
    options: { recursive: { type: 'boolean', short: 'r', help: 'with everything below' }, timeout: TIMEOUT },
    words: [1, 1],
    takes: ['link'],
  },
  get: {
    usage: 'get LINK[/path] DEST',
    short: 'Downloads a file, a folder or everything',
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
    takes: ['link', 'folder'],
    more: 'What cannot be written is listed at the end, with the reason; in a zip, in a text file too.',
  },
  link: {
    usage: 'link LINK[/path]',
    short: 'Prints the link to a file, a folder or a version',
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
    takes: ['link'],
  },
  receipt: {
    usage: 'receipt LINK/path [FOLDER]',
    short: 'Makes a small proof that a file was in a version',
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
    takes: ['link', 'folder'],
    more: 'LINK+N/path is the file of version N. Whoever has the file and the receipt can check them with cairn verify, without any network. It proves what was signed with the key of the archive; it does not prove when, nor who has that key.',
  },
  verify: {
    usage: 'verify FILE RECEIPT',
    short: 'Checks a file and its receipt, without any network',
    about:
      'Checks that a file is the one of which a receipt speaks. Needs no network, no storage and no running Cairn.',
    options: {},
    words: [2, 2],
    takes: ['file', 'file'],
    alone: true,
    more: 'Ends with exit code 0 if every bit of both is right, with 1 otherwise.',
  },
  keep: {
    usage: 'keep LINK [FOLDER]',
    short: 'Holds a copy that follows changes and is served to others',
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
    takes: ['link', 'folder'],
    more: 'An update that takes away or overwrites more than half of it, or more than 1,000 files, always waits for your answer.',
  },
  take: {
    usage: 'take LINK',
    short: 'Takes the update that waits for your answer',
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
    takes: ['link'],
    more: 'What is not chosen stays as it is, and so does the archive, until you take the rest.',
  },
  holders: {
    usage: 'holders LINK[/path]',
    short: 'Shows who else has what of an archive',
    about:
      'Shows who else has what of an archive, a folder or a file, and whether it would be there without this machine.',
    options: {
      rarest: { type: 'string', value: 'N', help: 'also the N files that the fewest others hold' },
      timeout: TIMEOUT,
    },
    words: [1, 1],
    takes: ['link'],
    more: 'What others hold is what they say. Of those who are away it is shown what they held when they were seen last.',
  },
  free: {
    usage: 'free LINK[/path] [PATH...]',
    short: 'Deletes copies that enough others hold',
    about:
      "Deletes copies of a friend's archive that enough others hold, to have their room. What opens them fetches them.",
    options: {
      others: { type: 'string', value: 'N', help: 'how many others must hold and keep a file; 2 by default' },
      'dry-run': { type: 'boolean', help: 'shows what would go, and changes nothing' },
      undo: { type: 'boolean', help: 'fetches and keeps again what was freed of it' },
      timeout: TIMEOUT,
    },
    words: [1, 1000],
    takes: ['link', 'text'],
    more: 'They must be connected, do more than look, and promise to keep it. Later versions are kept as before.',
  },
  call: {
    usage: 'call KEY [NAME]',
    short: 'Gives another machine a name of yours',
    about:
      'Gives another machine a name of yours, which stands for its key in lists and on the page. Nobody else sees it.',
    options: { remove: { type: 'boolean', help: 'takes the name away' } },
    words: [1, 2],
    takes: ['text', 'text'],
    more: 'KEY, or its first letters, is what cairn holders and cairn peers show. Without NAME: what it is called now.',
  },
  disk: {
    usage: 'disk [LINK[/path]]',
    short: 'Shows what archives take on this machine, and clears it',
    about: 'Shows what archives take on this machine, or one of them by its files.',
    options: {
      clear: { type: 'boolean', help: 'deletes what was looked at and is not kept, and gives its room back' },
      cache: { type: 'string', value: 'SIZE', help: 'how much of that may stay, from now on, as in 20GB' },
    },
    words: [0, 1],
    takes: ['link'],
  },
  notify: {
    usage: 'notify [LINK]',
    short: 'Says whether the page tells you of changes',
    about:
      "Says whether the page notifies you of changes, to a friend's archive or in general, and switches that on or off.",
    options: {
      on: { type: 'boolean', help: 'notifies you from now on' },
      off: { type: 'boolean', help: 'does not: what is new is counted in the library all the same' },
    },
    words: [0, 1],
    takes: ['link'],
  },
  watch: {
    usage: 'watch LINK',
    short: 'Waits until somebody who has an archive is there',
    about: 'Waits until somebody who has an archive is there, however long that takes, and says so.',
    options: {
      stop: { type: 'boolean', help: 'watch for it no longer' },
      timeout: { type: 'string', value: 'SECONDS', help: 'how long to wait; for ever by default' },
    },
    words: [1, 1],
    takes: ['link'],
    more: 'Stopped before that, it stays watched for: the page of the next Cairn on this storage tells when it is found, and cairn status too.',
  },
  history: {
    usage: 'history LINK',
    short: 'Lists what changed and when',
    about: 'Lists what changed and when, newest first.',
    options: {
      changes: { type: 'boolean', help: 'with the files of each change' },
      version: { type: 'string', value: 'N', help: 'from this version on, back; the newest by default' },
      limit: { type: 'string', value: 'N', help: 'no more than so many' },
      timeout: TIMEOUT,
    },
    words: [1, 1],
    takes: ['link'],
  },
  diff: {
    usage: 'diff LINK[/path] A B',
    short: 'Shows what differs between two versions',
    about:
      'Shows what differs between version A and version B: the files of an archive or a folder, or the lines of one text. A may be 0, the beginning.',
    options: { timeout: TIMEOUT },
    words: [3, 3],
    takes: ['link', 'text', 'text'],
  },
  versions: {
    usage: 'versions LINK[/path]',
    short: 'Lists the versions that have a name, or those of one file',
    about:
      'Lists the versions that have a name, or when one file was added and changed, newest first. cairn get LINK+VERSION/path takes one of them.',
    options: { timeout: TIMEOUT },
    words: [1, 1],
    takes: ['link'],
  },
  name: {
    usage: 'name LINK [NAME] --version N',
    short: 'Gives a version a name, such as v1.0',
    about: 'Gives a version a name, such as v1.0; without NAME it has none any more.',
    options: { version: { type: 'string', value: 'N', help: 'the version; also LINK+N. The newest by default' } },
    words: [1, 2],
    takes: ['link', 'text'],
    more: "Readers see the names in an archive of yours. What you call versions of a friend's stays with you.",
  },
  describe: {
    usage: 'describe LINK [TEXT|-] --version N',
    short: 'Says what a version of an archive of yours is',
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
    takes: ['link', 'text'],
    more: 'Readers see it in the list of changes. - reads the text from standard input; 500 characters at most.',
  },
  gone: {
    usage: 'gone LINK[/path]',
    short: 'Lists what was in an archive and is gone',
    about:
      'Lists what was in a folder, or anywhere below it, and is gone, newest first, with the last version that had it.',
    options: {
      find: { type: 'string', value: 'TEXT', help: 'everything below it whose name holds this' },
      all: { type: 'boolean', help: 'looks back to the beginning, however long that is' },
      timeout: TIMEOUT,
    },
    words: [1, 1],
    takes: ['link'],
    more: 'cairn get LINK+VERSION/path FOLDER takes it; of an archive of yours, cairn restore brings it back.',
  },
  restore: {
    usage: 'restore LINK [PATH] --version N',
    short: 'Makes a file, a folder or everything what it was',
    about: 'Makes a file, a folder or all of an archive of yours what it was in an earlier version, as a new version.',
    options: { version: { type: 'string', value: 'N', help: 'the version; also LINK+N' }, message: MESSAGE },
    words: [1, 2],
    takes: ['link', 'text'],
    more: 'Where the archive follows a folder, the folder is changed. What it holds is published before, and nothing is lost.',
  },
  follow: {
    usage: 'follow LINK',
    short: 'Follows an author who took versions back',
    about:
      'Answers an archive whose author took versions back, or mended it after a fork: follows, and gives up what is no more.',
    options: { stay: { type: 'boolean', help: 'stays on what is here instead, and keeps it' } },
    words: [1, 1],
    takes: ['link'],
    more: 'cairn status shows what waits, and which versions would be lost.',
  },
  warrant: {
    usage: 'warrant LINK --out FILE',
    short: 'Saves or checks the proof of two histories',
    about:
      'Writes the proof that two histories of an archive were signed with its key into a file, or checks such a file.',
    options: {
      out: { type: 'string', value: 'FILE', help: 'where it goes; - writes it to standard output' },
      check: { type: 'string', value: 'FILE', help: 'check this one instead, without any peer or storage' },
    },
    words: [0, 1],
    takes: ['link'],
    more: 'It proves that both were signed with the secret key. It does not prove by whom, nor when, nor which one came first.',
  },
  repair: {
    usage: 'repair LINK',
    short: 'Ends a fork of an archive of yours',
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
    takes: ['link'],
    more: 'Also goes on with a copy that may be older than what was published, where nobody is there to catch up from. To be done on one machine only. Readers are asked to follow, and keep what they have until they do.',
  },
  network: {
    usage: 'network',
    short: 'Says how this machine can be reached, and what helps',
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
    short: 'Tries to open a link as a friend would',
    about: 'Tries to open a link as a friend would who has nothing else, and says how far that got.',
    options: {},
    words: [1, 1],
    takes: ['link'],
    more: 'Of your own link it says what can be told from this machine: a friend may have a router of their own in the way. Exit code 0 if verified content came, 3 otherwise.',
  },
  lookup: {
    usage: 'lookup LINK',
    short: 'Asks the network who announces an archive',
    about: 'Asks the network who announces an archive, and shows it node by node, with how close each is.',
    options: {
      fresh: { type: 'boolean', help: 'begins with nothing, as a stranger does, and not with what is known here' },
    },
    words: [1, 1],
    takes: ['link'],
  },
  dht: {
    usage: 'dht --port N',
    short: 'Runs nodes of a network of your own',
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
    short: 'Shows what Cairn has here and what it is doing',
    about: 'Shows what Cairn has on this machine and what it is doing.',
    options: {},
    words: [0, 0],
  },
  rules: {
    usage: 'rules LINK|PATH',
    short: 'Shows or changes what is published of a folder',
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
    takes: ['path'],
    more: 'What leaves stays in older versions, and in the copies that others have.',
  },
  'move-source': {
    usage: 'move-source LINK|PATH NEWPATH',
    short: 'Follows a folder that was moved',
    about: 'The folder that an archive of yours is made from was moved: follows it at its new place.',
    options: {
      from: { type: 'string', value: 'PATH', help: 'which one was moved, of an archive that is made from several' },
      force: { type: 'boolean', help: 'also if it holds few of the files of the archive' },
    },
    words: [2, 2],
    takes: ['path', 'folder'],
    more: 'Nothing is imported again that has kept its size and time.',
  },
  peers: {
    usage: 'peers [LINK]',
    short: 'Shows who is connected, and what has passed',
    about: 'Shows who is connected, what they get and give, and what has passed today and ever.',
    options: {},
    words: [0, 1],
    takes: ['link'],
  },
  limits: {
    usage: 'limits [LINK]',
    short: 'Shows or sets how quickly may be fetched and served',
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
        help: 'these hold only then, as in "weekdays 9:00-17:00" or "fri,sat 22:00-6:00", and what is not named as usual; where such times overlap, the newest hold; none: forgets all of them',
      },
      connections: { type: 'string', value: 'N', help: 'so many machines may be connected at once' },
    },
    words: [0, 1],
    takes: ['link'],
    more: 'Limits hold for what travels inside of connections; packets put about two percent around it. They hold at once.',
  },
  room: {
    usage: 'room [on|off]',
    short: 'Shows who is on the local network; switches that on or off',
    about:
      'Shows who runs Cairn on the local network, where friends are found without internet; switches that on or off.',
    options: {},
    words: [0, 1],
    takes: [['on', 'off']],
    more: 'Others there can tell that Cairn runs here, and nothing of what you share.',
  },
  pause: {
    usage: 'pause LINK|PATH|--all',
    short: 'Publishes no changes, or lets an archive rest',
    about:
      "Publishes no changes of the folder of an archive of yours until cairn resume. A friend's archive is neither fetched nor served.",
    more: 'An archive of yours stays shared as it is. With --all nothing at all is fetched or served.',
    options: { all: { type: 'boolean', help: 'everything: nothing is fetched, served, looked up or announced' } },
    words: [0, 1],
    takes: ['path'],
  },
  resume: {
    usage: 'resume LINK|PATH|--all [--remove]',
    short: 'Goes on with what was paused',
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
    takes: ['path'],
  },
  forget: {
    usage: 'forget LINK',
    short: 'Stops sharing or keeping an archive, and deletes its data',
    about: 'Stops sharing or keeping an archive and deletes its data from the storage. Copies that others hold stay.',
    options: { yes: { type: 'boolean', short: 'y', help: 'an archive of yours without being asked' } },
    words: [1, 1],
    takes: ['link'],
    more: 'An archive of yours can then be changed by nobody, not even by you: asks before, and refuses where nobody can be asked. Your files stay.',
  },
  diagnostics: {
    usage: 'diagnostics',
    short: 'Prints what somebody who helps wants to know, and no names',
    about: 'Prints how this Cairn stands and what went wrong last, for somebody who helps. Sends nothing.',
    options: { out: { type: 'string', value: 'FILE', help: 'where it goes, instead of standard output' } },
    words: [0, 0],
    more: 'Keys, links, names, paths and addresses are left out of it.',
  },
  desktop: {
    usage: 'desktop [--add|--remove]',
    short: 'Shows what Cairn wrote for this desktop; takes it away again',
    about:
      'Shows what Cairn wrote for this desktop: an AppImage, which nobody installs, has its own entry for menus and links; starting at login is another.',
    options: {
      add: { type: 'boolean', help: 'writes the entry for menus and links again (of an AppImage)' },
      remove: {
        type: 'boolean',
        help: 'takes away that entry, its pictures, and starting at login; it stays away until --add',
      },
    },
    words: [0, 0],
    more: 'Linux only: elsewhere the installer does it, and the settings of the system. Deletes no archive, and not the program.',
  },
  licences: {
    usage: 'licences [NAME]',
    short: 'Lists what others have made that comes with Cairn',
    about: 'Lists what others have made that comes with Cairn, with its licences; of one, the text.',
    options: {},
    words: [0, 1],
    takes: ['text'],
    alone: true,
  },
  completions: {
    usage: 'completions SHELL',
    short: 'Prints what makes a shell complete these commands',
    about: 'Prints what makes bash, zsh, fish or PowerShell complete the commands of cairn.',
    options: {},
    words: [1, 1],
    takes: [['bash', 'zsh', 'fish', 'powershell']],
    alone: true,
    more: 'Packages for Linux install it. Otherwise, for bash: cairn completions bash > ~/.local/share/bash-completion/completions/cairn; for zsh: cairn completions zsh > a folder of $fpath, as _cairn; for fish: cairn completions fish > ~/.config/fish/completions/cairn.fish; for PowerShell: cairn completions powershell > FILE, and . FILE in the file that $PROFILE names',
  },
  man: {
    usage: 'man',
    short: 'Prints all of this help as a man page',
    about: 'Prints all of this help as a man page. To read it: cairn man | man -l -',
    options: {},
    words: [0, 0],
    alone: true,
  },
} as const satisfies Record<string, Spec>

export type CommandName = keyof typeof SPECS

export const COMMANDS: Readonly<Record<CommandName, Spec>> = SPECS

/** Each command once, by what a person wants to do. */
export const GROUPS: Readonly<Record<string, readonly CommandName[]>> = {
  'Share what is yours': ['publish', 'rules', 'move-source', 'describe', 'restore', 'repair'],
  'Look at what others share': ['ls', 'get', 'watch', 'keep', 'take', 'follow'],
  'Look back': ['history', 'diff', 'versions', 'name', 'gone'],
  'Links and proofs': ['link', 'receipt', 'verify', 'warrant'],
  'Copies and their room': ['holders', 'free', 'disk', 'forget'],
  'Others and the network': ['peers', 'call', 'limits', 'room', 'network', 'check', 'lookup', 'dht'],
  'Cairn itself': [
    'serve',
    'status',
    'pause',
    'resume',
    'notify',
    'desktop',
    'diagnostics',
    'licences',
    'completions',
    'man',
  ],
}

export const isCommand = (name: string): name is CommandName => Object.hasOwn(SPECS, name)

/** All that a command takes, its own first. */
export function optionsOf(name: CommandName): Options {
  const { alone, options }: Spec = SPECS[name]
  return { ...options, ...(alone ? { json: COMMON.json, help: COMMON.help } : COMMON) }
}

const BY_VALUE: Readonly<Record<string, Wanted>> = { DIR: 'folder', FILE: 'file', PATH: 'path' }

/** What the value of an option is; null: it has none. */
export const wantedBy = ({ type, value = '' }: Option): Wanted | null =>
  type === 'boolean' ? null : (BY_VALUE[value] ?? 'text')

export const EXIT_CODES: readonly (readonly [code: number, meaning: string])[] = [
  [0, 'done'],
  [1, 'failed'],
  [2, 'not understood (arguments or link)'],
  [3, 'nobody could be reached in time'],
  [4, 'refused because it looks private'],
  [5, 'the storage is in use or cannot be used'],
  [130, 'stopped before the end'],
]

export const ENVIRONMENT: readonly (readonly [name: string, meaning: string])[] = [
  ['CAIRN_STORAGE', "the folder that holds Cairn's data, where --storage does not say another"],
  ['CAIRN_BOOTSTRAP', 'HOST:PORT of DHT nodes that replace the public ones, with commas between them'],
  [
    'CAIRN_ROOM',
    'lan: friends are found on the local network; off: they are not; loopback:PORT: only on this machine. By default lan, unless the DHT is on this machine alone',
  ],
]
