/**
 * Plain readonly data that crosses the bridge. Sizes and rates are in bytes and bytes per second, times in
 * milliseconds since 1970 by the clock of the machine that wrote them, versions are lengths of the metadata core.
 */
import type { SerializedError } from './errors.ts'

/** An archive's public key in z-base-32 (52 characters). */
export type ArchiveKey = string

/** What a watch stream emits. The first batch always starts with `reset`. */
export type Change<T extends { readonly id: string }> =
  | { readonly op: 'reset' }
  | { readonly op: 'put'; readonly item: T }
  | { readonly op: 'delete'; readonly id: string }

/**
 * Those who announce an archive, by how connecting to each has ended last. An announcement outlives its machine by up to
 * twenty minutes, so that who does not answer may as well be gone. The rest of them has not been tried yet.
 */
export type Attempts = {
  /** Under way for the first time. */
  readonly connecting: number
  /** Connections that stand. */
  readonly connected: number
  /** Did not answer at all: off, asleep, behind a firewall that lets nothing in, or a program that declines. */
  readonly silent: number
  /** Answered, and no way through the routers or firewalls between was found. */
  readonly blocked: number
  /** Answered, and cannot or will not speak with this program. */
  readonly refused: number
}

/** Why an archive could not be reached, told apart by evidence. */
export type UnreachableReason =
  /** The person has paused everything. */
  | 'paused'
  /** This machine has no way to the network: the system knows no route to any node of the DHT. */
  | 'offline'
  /** No way to the DHT, or no answer from it, and none of those who are on the same local network shares it. */
  | 'nobody-near'
  /** There is a way to the network, and no node of the DHT answers. */
  | 'dht-silent'
  /** The DHT answers, and nobody announces this key. */
  | 'nobody'
  /** Somebody announces it, and no connection to them succeeds. */
  | 'peers-unreachable'
  /** Connected, and the peer does not have it (yet). */
  | 'peer-lacks'

/** From link to content. `found` and `empty` are only ever reached by having read the archive. */
export type ArchiveState =
  | { readonly name: 'waiting-for-consent' }
  | {
      readonly name: 'looking'
      /** Since when nothing of it has been found. */
      readonly since: number
      readonly dhtAnswered: boolean
      /** Machines that announce it. */
      readonly candidates: number
      readonly attempts: Attempts
    }
  | { readonly name: 'reading'; readonly since: number; readonly peers: number }
  | { readonly name: 'found' }
  | { readonly name: 'empty' }
  | {
      readonly name: 'unreachable'
      readonly reason: UnreachableReason
      readonly since: number
      readonly lastTried: number
      /** Machines that announce it; with `peer-lacks`, those that are connected. */
      readonly candidates: number
      readonly attempts: Attempts
    }
  /** Encrypted, and the link carried no secret or a wrong one. */
  | { readonly name: 'secret-needed' }
  /** Its list is broken, or was made to lead readers round in circles. A later version may be whole again. */
  | { readonly name: 'damaged' }
  /**
   * Yours, and the storage is or may be older than what was published from it (a backup, a copy): read-only until it has
   * caught up from peers. `published`: how long it was, where that is known. `alone`: nobody who could tell is there.
   */
  | { readonly name: 'behind'; readonly length: number; readonly published: number | null; readonly alone: boolean }

/**
 * The history of an archive is not what it was. Until the person has answered, nothing that is here is given up, and all
 * of it can be read; whether they follow the other history, or stay on this one, they can say at any time.
 */
export type Rewritten =
  /** Its author took versions back, and may have written other ones; or only what files held was replaced. */
  | {
      readonly kind: 'taken-back'
      readonly what: 'versions' | 'content'
      /** The newest version that both histories have, and the newest one of this and of the other. */
      readonly common: number
      readonly here: number
      readonly newest: number
      readonly answer: RewriteAnswer
    }
  /** Two histories were signed with one key, by two copies of it. Nothing new is taken until one of them is given up. */
  | {
      readonly kind: 'forked'
      /** null: nobody who could tell was there. */
      readonly common: number | null
      readonly here: number
      /** There is a signed proof of it, which can be shown to others. */
      readonly proof: boolean
      /** The history that its author has decided on since then. */
      readonly mended: { readonly common: number; readonly newest: number } | null
      readonly answer: RewriteAnswer
    }
/** `follows`: it is fetched as soon as somebody who has it is there. */
export type RewriteAnswer = 'asked' | 'stays' | 'follows'

/** What this machine does for the archive. */
export type Keeping =
  /** Only what is looked at is fetched. */
  | { readonly how: 'look' }
  /** What these patterns match, in the syntax of gitignore, in this version and in later ones. */
  | { readonly how: 'parts'; readonly patterns: readonly string[] }
  /** Everything, now and in future, held and served. */
  | { readonly how: 'all' }
  /** Everything, and mirrored into a folder that follows the archive. */
  | { readonly how: 'folder'; readonly folder: string }

/** An update that a kept archive does not take unasked. */
export type PendingUpdate = {
  /** The version that it leads to. */
  readonly to: number
  /** `removes`: it takes away or overwrites more than is taken for an everyday change. `grows`: beyond the growth budget. */
  readonly why: 'removes' | 'grows' | 'ask-first'
  /** Files of what is kept, of so many. */
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly renamed: number
  readonly of: number
  /** Bytes that what is kept would grow by. */
  readonly bytes: number
  /** The person was asked and stays on the version that is kept. */
  readonly stays: boolean
}

/** How updates of a friend's archive that is kept are taken. */
export type Updates = {
  /** Every one waits for the person's answer. */
  readonly askFirst: boolean
  /** Bytes that what is kept may grow by before the person is asked; null: any number. */
  readonly growth: number | null
  /** The version that is kept; null: none yet. */
  readonly kept: number | null
  /** Beside it files are kept that the person chose out of later versions, of which this is the newest; null: none. */
  readonly chosen: number | null
  readonly pending: PendingUpdate | null
}

/** An update that waits, told file by file: what it comes to first, then the first 50,000 files in the order of their paths. */
export type UpdatePart =
  | {
      readonly kind: 'summary'
      /** The version that it leads to. */
      readonly to: number
      readonly files: number
      /** Bytes of content that are not on this device. */
      readonly missing: number
    }
  | { readonly kind: 'files'; readonly files: readonly NewFile[] }

/** What differs between the version that the person looked at last and the newest; what came and went again is nothing. */
export type News = {
  readonly added: number
  readonly changed: number
  readonly removed: number
  readonly renamed: number
  /** There are more, which were not counted. */
  readonly more: boolean
}

/** What archives take on this device. Bytes of content are exact; `store` is what the file system says. */
export type DiskUse = {
  /** The storage's files on the disk, with what is not given back yet. */
  readonly store: number
  readonly free: number
  /** Bytes that what is only cached may take, and does. */
  readonly budget: number
  readonly cached: number
  readonly archives: readonly ArchiveUse[]
}

export type ArchiveUse = {
  readonly key: ArchiveKey
  /** Content on this device, with that of older versions. */
  readonly content: number
  /** The part of it that can be cleared: what was looked at and is not kept. */
  readonly cached: number
  /** The list of files, with its history. */
  readonly list: number
}

/** What the newest version of a folder takes on this device. */
export type FolderUse = {
  readonly entries: readonly {
    readonly kind: 'file' | 'folder'
    readonly name: string
    readonly path: string
    /** Here, of so many. Files that share content each count it. */
    readonly held: number
    readonly size: number
  }[]
  /** Of the root: content that only older versions have. 0 in other folders. */
  readonly older: number
}

/** The folder or files on this machine that an archive of yours is made from. */
export type ArchiveSource = {
  readonly paths: readonly string[]
  readonly state:
    | { readonly name: 'importing' }
    | { readonly name: 'watching' }
    /** The archive may not be written to now: its state, or what became of its history, says why. It goes on by itself. */
    | { readonly name: 'waiting' }
    | { readonly name: 'paused' }
    /** The source is gone, unmounted or unreadable. Nothing is removed from the archive. */
    | { readonly name: 'missing'; readonly path: string }
    /** More would be removed than is taken for an intention. Nothing happens until the person answers. */
    | { readonly name: 'asks-removal'; readonly removals: number; readonly of: number }
    | { readonly name: 'failed'; readonly error: SerializedError }
}

export type ArchiveRow = {
  /** The archive's key. */
  readonly id: ArchiveKey
  /** The whole link, with the secret of a private archive. */
  readonly link: string
  readonly title: string
  readonly description: string
  readonly author: string
  readonly ownership: 'yours' | 'friends'
  readonly private: boolean
  readonly state: ArchiveState
  readonly rewritten: Rewritten | null
  /**
   * The person wants to be told when it is found, also after restarts. `foundAt`: it was, and they have not looked at it
   * since. null: they have not asked for it, or have looked.
   */
  readonly watched: { readonly since: number; readonly foundAt: number | null } | null
  /** The newest version known here; 0: nothing is known. */
  readonly length: number
  /** Files and bytes of the newest version, as far as known. */
  readonly files: number | null
  readonly bytes: number | null
  /** Connected peers that share this archive. */
  readonly peers: number
  readonly keeping: Keeping
  readonly updates: Updates
  /** A friend's: neither fetched nor served. */
  readonly paused: boolean
  /** Of this archive alone, beside those of everything. */
  readonly limits: Rates
  /** Bytes and blocks of file content on this device, of all that this archive ever held. */
  readonly held: {
    readonly blocks: number
    readonly ofBlocks: number
    readonly bytes: number
    readonly ofBytes: number
  }
  readonly source: ArchiveSource | null
  /** The author's first import is still going on. */
  readonly stillBeingAdded: boolean
  /** The version that the person looked at last. */
  readonly seenLength: number
  /** Of a friend's, what is new since then; null: nothing is, or it has not been counted. */
  readonly news: News | null
  /** Its changes are worth a notification. */
  readonly notify: boolean
  /** When the newest changeset was made, if its author said so. */
  readonly changedAt: number | null
  readonly addedAt: number
}

export type Entry = {
  readonly kind: 'file' | 'folder' | 'link'
  /** The last segment of the path. Hostile: shown isolated and escaped. */
  readonly name: string
  /** `/` and segments, without a trailing `/`. */
  readonly path: string
  /** 0 for folders and links. */
  readonly size: number
  /** Modification time as the author's machine said it; null if not recorded. */
  readonly modified: number | null
  readonly executable: boolean
  /** Where a link points to; null for others. */
  readonly target: string | null
  /** How much of it is on this device; null for folders. */
  readonly held: 'all' | 'some' | 'none' | null
}

export type EntryPage = {
  /** With `soon` they may be fewer than were asked for. */
  readonly entries: readonly Entry[]
  /** Give it back to get the next page; null: this was the last. */
  readonly cursor: string | null
  readonly version: number
}

/** What lies below a folder of one version, links counted as files of no size. */
export type FolderSize = {
  readonly path: string
  readonly files: number
  readonly bytes: number
  /** `counting`: more may come. `more`: there is more than what was asked for. */
  readonly state: 'counting' | 'more' | 'whole'
}

/** One thing that was left out or skipped, and why, in words for people. */
export type Skipped = { readonly path: string; readonly reason: SkipReason; readonly detail: string }
export type SkipReason =
  | 'unreadable'
  | 'changing'
  | 'not-a-file'
  | 'name-not-utf8'
  | 'name-not-allowed'
  | 'name-collides'
  | 'too-deep'
  | 'link-outside'
  | 'link-not-supported'
  | 'exists'
  | 'left-out'
  | 'under-a-link'
  | 'not-available'
  | 'vanished'

/**
 * Who wrote a rule that leaves something out: Cairn (`default`), the folder's `.cairnignore` (`folder`), the person beside
 * it (`own`), the person by naming a path (`chosen`); `fixed`: it can never be in an archive.
 */
export type RuleOrigin = 'default' | 'folder' | 'own' | 'chosen' | 'fixed'

/** What becomes public, shown before anything does. */
export type PublishReview = Counted & {
  /** Hand it to `publish.start`; it lives for an hour. */
  readonly id: string
  readonly title: string
  /** Bytes that the storage will take beside the folder, and bytes free there. */
  readonly roomNeeded: number
  readonly roomFree: number
  /** The archive that these paths are published as already. */
  readonly already: { readonly key: ArchiveKey; readonly link: string } | null
  /** Files of the archive that receives them which stand where one of these would go, and a name beside each that is free. */
  readonly clashes: readonly Clash[]
}

export type Clash = { readonly path: string; readonly free: string }
/** What becomes of files that stand where another one would go. */
export type OnClash = 'replace' | 'keep-both' | 'skip'

/** What a folder holds for its archive under certain rules. */
export type Counted = {
  readonly files: number
  readonly bytes: number
  readonly links: number
  readonly largest: readonly { readonly path: string; readonly size: number }[]
  /** What the rules leave out: the first ones, how many there are in all, and how many each rule leaves out. A folder counts once. */
  readonly ignored: readonly { readonly path: string; readonly rule: string; readonly origin: RuleOrigin }[]
  readonly ignoredCount: number
  readonly ignoredBy: readonly { readonly rule: string; readonly origin: RuleOrigin; readonly count: number }[]
  /** What looks private, with the reason. Publishing it needs an extra yes. */
  readonly suspicious: readonly { readonly path: string; readonly why: string; readonly size: number }[]
  readonly skipped: readonly Skipped[]
  readonly skippedCount: number
}

/** What the person decided about what is published of a source. */
export type SourceRules = {
  /** In the syntax of gitignore, below each folder, with the last word over the defaults and `.cairnignore`. */
  readonly rules: string
  /** Archive paths that the person took out, with what lies below. */
  readonly exclude: readonly string[]
  readonly includeSuspicious: boolean
}

/** What other rules would change in the next version of an archive. */
export type RulesReview = Counted & { readonly leaving: Difference; readonly coming: Difference }
/** How many files, and the first of their paths. */
export type Difference = { readonly files: number; readonly bytes: number; readonly paths: readonly string[] }

export type ReviewProgress = { readonly files: number; readonly bytes: number }

export type TransferState =
  | { readonly name: 'waiting' }
  | { readonly name: 'running' }
  /** Running, but nobody who has the missing blocks is connected. */
  | { readonly name: 'waiting-for-peers' }
  | { readonly name: 'paused' }
  | { readonly name: 'done' }
  | { readonly name: 'cancelled' }
  | { readonly name: 'failed'; readonly error: SerializedError }

/** A long job that outlives the page: an import, a download, a kept copy being filled, a folder that is given back what it was. */
export type TransferRow = {
  readonly id: string
  readonly kind: 'import' | 'download' | 'keep' | 'folder' | 'restore'
  readonly key: ArchiveKey
  readonly title: string
  readonly state: TransferState
  readonly files: number
  /** null: still being counted. */
  readonly ofFiles: number | null
  readonly bytes: number
  readonly ofBytes: number | null
  readonly rate: number
  readonly secondsLeft: number | null
  /** What is being worked on now. */
  readonly current: string | null
  /** The folder that it writes to or reads from. */
  readonly folder: string | null
  readonly skipped: readonly Skipped[]
  readonly skippedCount: number
  readonly startedAt: number
  readonly endedAt: number | null
}

/** Of a zip that is streamed: first what it will be, then its bytes in order, with what is left out on the way. */
export type ZipPart =
  | {
      readonly kind: 'plan'
      readonly files: number
      /** Of the contents, and of the zip itself. */
      readonly bytes: number
      readonly length: number
      readonly skipped: readonly Skipped[]
    }
  | { readonly kind: 'bytes'; readonly base64: string }
  | { readonly kind: 'skipped'; readonly skipped: Skipped }

/** One commit to an archive, or a run of versions that another program wrote. */
export type Changeset = {
  /** The version after it. */
  readonly length: number
  /** The version before it; 0: the beginning. */
  readonly from: number
  /** null: its author's program did not say. */
  readonly time: number | null
  /** `recorded` by its author's Cairn, or `inferred` from the log. */
  readonly source: 'recorded' | 'inferred'
  readonly added: number
  readonly changed: number
  readonly removed: number
  /** Files that have another name since then; neither added nor removed. */
  readonly renamed: number
  /** Files of which only the time or the mode is another one. */
  readonly touched: number
  /** Of an inferred one: files that were added or changed, which of both is not known before it is looked at. */
  readonly written: number
  /** It is so long that only its newest part was counted: there is more of everything. */
  readonly more: boolean
  /** Bytes of content that it added. */
  readonly bytes: number
  /** What was said of it when it was made; see `history.names` for what was said afterwards. */
  readonly message: string
  /** It gave a version a name, another one or (null) none any more, and did nothing else. */
  readonly naming: { readonly version: number; readonly name: string | null } | null
  /** It said what a version is, or (null) took that back, and did nothing else. */
  readonly describing: { readonly version: number; readonly message: string | null } | null
  /** So many commits that followed each other, as those of a first import: one thing to whoever looks back. */
  readonly parts: number
  /** Of an import of which more was to come. */
  readonly partial: boolean
}

export type ChangedFile = {
  readonly path: string
  /** `touched`: its content is the same, its time or mode is not. */
  readonly change: 'added' | 'changed' | 'touched' | 'removed' | 'renamed'
  /** Of a renamed one: its path before. */
  readonly from: string | null
  readonly before: number | null
  readonly after: number | null
}

/** A version that can be opened. */
export type Moment = {
  readonly version: number
  /** The version before it, or of what was committed in parts, before the first of them; 0: the beginning. */
  readonly from: number
  /** null: its author's program did not say. */
  readonly time: number | null
  readonly message: string
  /** It differs from the one before it by the name of a version alone. */
  readonly naming: boolean
}

/** What a version is called. `own`: by the person, for themselves; otherwise by the archive's author, for everybody. */
export type NamedVersion = {
  readonly version: number
  readonly name: string
  /** When it was named. */
  readonly time: number
  readonly own: boolean
}

/** What the author of an archive said of a version afterwards, in place of its changeset's message. Empty: nothing. */
export type DescribedVersion = { readonly version: number; readonly message: string }

/** One state of a file. */
export type FileVersion = {
  /** The first version that has it so, and the one before that. */
  readonly version: number
  readonly from: number
  readonly time: number | null
  /** `touched`: its content is the same as before, its time or mode is not. */
  readonly change: 'added' | 'changed' | 'touched'
  readonly entry: Entry
}

/** Was taken out of the archive. `version`: the last that had it; `time`: when it was taken out, if that was said. */
export type GoneEntry = Entry & { readonly gone: { readonly version: number; readonly time: number | null } }

/** Newest first; all that was taken out after the version `at` has been told. One path may be told of again by another call. */
export type GoneProgress = { readonly entries: readonly GoneEntry[]; readonly at: number }

/** Newest first. */
export type FileVersions = {
  readonly versions: readonly FileVersion[]
  /** Where to go on; null: that was all. */
  readonly before: number | null
  /** The version at `before` has no such file: it was added after it, or taken out before. */
  readonly absent: boolean
}

/** A file that differs from how the person knows it. */
export type NewFile = ChangedFile & {
  /** Bytes of its content that are not on this device. */
  readonly missing: number
}

/** What a receipt proves of a file: whoever has the key of that archive signed it, at this path, in this version. */
export type Proven = {
  readonly key: ArchiveKey
  readonly version: number
  readonly path: string
  readonly size: number
  /** To the file in that version. */
  readonly link: string
}

/** What a link leads to. */
export type OpenedLink = {
  readonly key: ArchiveKey
  /** null: the newest. */
  readonly version: number | null
  readonly path: string
  /** What it says of that version. */
  readonly pin: Pin | null
}

/** `hash` in z-base-32, over the list up to the version and so many blocks of content. */
export type Pin = { readonly blobsLength: number; readonly hash: string }

export type PeerRow = {
  /** The peer's public key in z-base-32 (not an archive's key). */
  readonly id: string
  /** Host and port; of one that is `relayed`, those of the third machine. */
  readonly address: string
  /** Who opened the connection. */
  readonly direction: 'in' | 'out'
  /**
   * `machine`, `local`: over TCP, on the same machine and in the same network. Otherwise over UDP: `straight`, `punched` through holes that both made in their
   * routers, or `relayed` by a third machine, which the peer has named. As it is now: what was relayed goes on directly as soon as that works.
   */
  readonly way: 'machine' | 'local' | 'straight' | 'punched' | 'relayed'
  readonly connectedAt: number
  /** Of this archive, since Cairn was started, over however many connections: blocks of its list and its content, as they are stored. */
  readonly bytesDown: number
  readonly bytesUp: number
  readonly blocksDown: number
  readonly blocksUp: number
  readonly rateDown: number
  readonly rateUp: number
  /** Bytes in each of the last 60 seconds, the latest last; empty: nothing has passed in them. */
  readonly historyDown: readonly number[]
  readonly historyUp: readonly number[]
  /** All that has passed at the sockets between the two machines since Cairn was started, over however many connections, of whatever archives and for whatever purpose. */
  readonly wireDown: number
  readonly wireUp: number
  /** Blocks of file content that the peer says it holds. */
  readonly holds: number
  readonly ofBlocks: number
  readonly roundTrip: number | null
}

/** Blocks of lists and contents that have passed, and their bytes as they are stored. */
export type Passed = {
  readonly bytesDown: number
  readonly bytesUp: number
  readonly blocksDown: number
  readonly blocksUp: number
}

/** What has passed of an archive, or of all together, those that were forgotten included. */
export type TrafficRow = {
  /** The archive's key, or `all`. */
  readonly id: string
  /** Since midnight by the clock of the machine that Cairn runs on, and since `since`. */
  readonly today: Passed
  readonly ever: Passed
  readonly since: number
  /** Of `all`: every byte at the sockets, with what finding, encrypting and proving take. */
  readonly wire: {
    readonly today: { readonly down: number; readonly up: number }
    readonly ever: { readonly down: number; readonly up: number }
  } | null
}

/** Bytes per second; null: as much as there is. */
export type Rates = { readonly down: number | null; readonly up: number | null }

/** Other rates at some time of the week, by the clock of the machine that Cairn runs on. */
export type ScheduledRates = Rates & {
  /** 0 is Sunday, 6 is Saturday: those on which it begins. */
  readonly days: readonly number[]
  /** Minutes after midnight, 0 to 1439. It ends on the next day where `to` is not after `from`. */
  readonly from: number
  readonly to: number
}

/** Of all archives together. Of the schedule the first that covers a moment holds then, in place of the usual rates. */
export type Limits = Rates & {
  readonly schedule: readonly ScheduledRates[]
  /** So many machines are connected at once, at most. */
  readonly connections: number
}

export type LimitsInForce = Rates & { readonly scheduled: boolean }

/**
 * Whether an archive's newest version exists elsewhere: the list of its files, and their content. `others` are machines
 * beside this one that share it; what they say that they hold is believed.
 */
export type Verdict =
  /** Its list is not here, or is still being counted. */
  | { readonly name: 'unknown' }
  /** So many others each hold all of it. */
  | { readonly name: 'safe'; readonly others: number }
  /**
   * No other holds all of it; together, `others` hold everything at least so many times without this machine, and with it.
   */
  | { readonly name: 'spread'; readonly others: number; readonly times: number; readonly withThis: number }
  /** Nothing is missing, and these files are on this machine alone. `others` hold parts of the rest. */
  | { readonly name: 'only-here'; readonly others: number; readonly files: number; readonly bytes: number }
  /** Some files nobody holds whole, this machine included; others may be on it alone. */
  | {
      readonly name: 'missing'
      readonly others: number
      readonly files: number
      readonly bytes: number
      readonly onlyHere: { readonly files: number; readonly bytes: number }
    }

/** In one line, for every archive. */
export type AvailabilitySummary = {
  /** The archive's key. */
  readonly id: ArchiveKey
  /** Counting those who are connected, and counting also those who are not, as they were when they were seen last. */
  readonly now: Verdict
  readonly remembered: Verdict
  /** Others who share it and are connected, or are remembered and are not. */
  readonly connected: number
  readonly away: number
  /** When one of those who are away was seen last; null: nobody is away. */
  readonly lastContact: number | null
}

/** Who has what of an archive's newest version. Bytes are sizes of files, so that files that share content each count it. */
export type Availability = AvailabilitySummary & {
  /** When it was so, in milliseconds since 1970: what has changed since is being counted. Where nothing has, it is a few seconds ago. */
  readonly asOf: number
  /** Of those who are connected: how many have not said yet what they hold, and count as holding nothing. */
  readonly unheard: number
  /** The version whose files were counted; null: none yet, and all their numbers are 0. The verdict may be known from blocks alone. */
  readonly version: number | null
  readonly files: number
  readonly bytes: number
  readonly blocks: number
  readonly here: { readonly files: number; readonly bytes: number; readonly blocks: number }
  /** Files that are here and nobody else who is connected holds; that nobody has, this machine included. */
  readonly onlyHere: { readonly files: number; readonly bytes: number }
  readonly missing: { readonly files: number; readonly bytes: number }
  /** How many files are held by no other who is connected, by one, by two … and at the end by ten or more. */
  readonly byOthers: readonly number[]
  /**
   * Its blocks in the order of the log, in at most 256 equal parts: how many others who are connected hold the block of a
   * part that the fewest hold, how many on average, and how much of the part is here (0 to 1).
   */
  readonly bar: {
    readonly least: readonly number[]
    readonly mean: readonly number[]
    readonly here: readonly number[]
  }
  /** Blocks that only older versions have: in all, those that are here alone, and those that nobody has. */
  readonly older: { readonly blocks: number; readonly onlyHere: number; readonly missing: number }
  /** What was freed on this machine and is not here: it is fetched when it is opened. */
  readonly freed: { readonly blocks: number; readonly bytes: number }
  /** Those who are connected first, each as it is or was. */
  readonly peers: readonly Holder[]
}

/** What another machine holds of an archive's newest version, by its own word. */
export type Holder = {
  /** Its public key in z-base-32, as in `PeerRow`. */
  readonly id: string
  readonly connected: boolean
  /** When it was seen last; null: it is connected. */
  readonly seenAt: number | null
  /** It has said what it holds, now or when it was there; until then it counts as holding nothing. */
  readonly heard: boolean
  /** It is a Cairn, which tells all that it holds. Of others it is known as far as their protocol says it. */
  readonly cairn: boolean
  /** What it does for the archive, if it says so. */
  readonly keeps: 'look' | 'parts' | 'all' | null
  /** It has all of the list, and all of everything. */
  readonly list: boolean
  readonly all: boolean
  readonly blocks: number
  /** Files that it holds whole. */
  readonly files: number
  readonly bytes: number
}

/** What lies in one part of the bar of an `Availability`, by its place in the log: its first file, its last, and how many. */
export type PartFiles = { readonly files: number; readonly first: string; readonly last: string }

/** How many others who are connected hold a file, or the file of a folder that the fewest hold. */
export type Held = {
  readonly path: string
  readonly others: number
  /** Whether this machine holds it, all of a folder included. */
  readonly here: boolean
  /** Of a folder: its files, and how many of them nobody else holds. Of a file 1, and 0 or 1. */
  readonly files: number
  readonly alone: number
}

/** Another machine that holds some of a file, or of what lies in a folder. `share`: of its blocks, up to 1. */
export type FileHolder = {
  /** Its public key in z-base-32, as in `PeerRow`. */
  readonly id: string
  readonly connected: boolean
  /** When it was seen last; null: it is connected. */
  readonly seenAt: number | null
  readonly share: number
}

/** What the person calls another machine. `id`: its public key in z-base-32, as in `PeerRow` and `Holder`. */
export type PeerName = { readonly id: string; readonly name: string }

/**
 * What freeing does or did: files that go, and the bytes of content that go with them, older versions included where all of
 * an archive is freed. The rest stays: too few others hold it or promise to keep it, other names share it, or nothing
 * of it is here.
 */
export type Freeing = {
  readonly files: number
  readonly bytes: number
  readonly tooFew: { readonly files: number; readonly bytes: number }
  readonly shared: { readonly files: number; readonly bytes: number }
  readonly notHere: { readonly files: number; readonly bytes: number }
}

/** Files of an archive that only this machine has, and how many who are connected are fetching it. */
export type Needed = {
  readonly key: ArchiveKey
  readonly peers: number
  readonly files: number
  readonly bytes: number
}

export type RareFile = { readonly path: string; readonly size: number; readonly others: number; readonly here: boolean }

export type NetworkStatus = {
  readonly id: 'network'
  readonly state:
    | { readonly name: 'off' }
    | { readonly name: 'waiting-for-consent' }
    /** The person has paused everything: nothing is fetched, served, looked up or announced. */
    | { readonly name: 'paused' }
    | { readonly name: 'starting' }
    | { readonly name: 'online' }
    /** Online, and the NAT lets no stranger in unasked. */
    | { readonly name: 'behind-nat' }
    | { readonly name: 'dht-silent' }
    /** No way to the DHT, or no answer from it; connected to others on the local network. */
    | { readonly name: 'room' }
    | { readonly name: 'offline' }
  readonly room: RoomStatus
  /** The same in words, with what it is known from. */
  readonly reach: Reach
  /** Nodes that the DHT is entered by, and who chose them: Cairn, the person, or whoever started this program. */
  readonly bootstrap: { readonly nodes: readonly string[]; readonly chosen: 'public' | 'settings' | 'start' }
  readonly peers: number
  readonly address: string | null
  readonly publicKey: string
  readonly rateDown: number
  readonly rateUp: number
  /** At the sockets, since Cairn was started. */
  readonly bytesDown: number
  readonly bytesUp: number
  readonly limits: LimitsInForce
}

/** Those who are found on the local network, without the DHT. */
export type RoomStatus = {
  /** `off`: switched off, or nothing may be sent yet. `nowhere`: this machine is in no local network. */
  readonly state: 'off' | 'on' | 'nowhere'
  /** Other Cairns that were heard in the last minute, whatever they share. */
  readonly near: number
  /** Those of them that this machine is connected to over that network. */
  readonly peers: number
}

/**
 * How this machine can be reached, as far as is known. `this-machine`, `own-network`: the nodes that are asked are no further away,
 * and nothing is known of elsewhere. `open`: strangers get in. `nat-works`: nobody gets in unasked, and reaching out from both
 * sides has worked; with `nat` it has not been tried. `strict-nat`: the router shows everybody another port. `unknown`: too little
 * is known yet.
 */
export type ReachVerdict =
  | 'off'
  | 'paused'
  | 'waiting-for-consent'
  | 'starting'
  | 'offline'
  /** No way to the DHT, or no answer from it; connected to others on the local network. */
  | 'room'
  | 'dht-silent'
  | 'this-machine'
  | 'own-network'
  | 'open'
  | 'nat-works'
  | 'nat'
  | 'strict-nat'
  | 'unknown'

/** In words for people. */
export type Reach = {
  readonly verdict: ReachVerdict
  readonly title: string
  readonly meaning: string
  /** What the person can do; null: nothing is needed. */
  readonly advice: string | null
  /** What it is known from, one sentence each. */
  readonly evidence: readonly string[]
}

/** What the DHT node of this machine knows, and how much it asks. */
export type DhtTable = {
  /** In hex; null: it asks and is not asked, so that nobody knows it by an id. */
  readonly id: string | null
  /** As others see it; without a port where each sees another one. null: not known. */
  readonly address: string | null
  readonly localPort: number | null
  /** By how many leading bits of their id are those of this node's: the more, the closer. Empty ones are left out. */
  readonly buckets: readonly { readonly bits: number; readonly nodes: readonly string[] }[]
  /** Of the last so many seconds, a minute at most: questions, the requests that they took, and those without an answer. */
  readonly seconds: number
  readonly queries: number
  readonly requests: number
  readonly lost: number
}

/** A topic that the DHT has been told this machine shares. */
export type AnnounceRow = {
  /** The topic in hex. */
  readonly id: string
  /** The archive; null: it has been forgotten meanwhile. */
  readonly key: ArchiveKey | null
  /** When it was told last, and until when it will be told anew at the latest. */
  readonly at: number
  readonly renewedBy: number
  /** Nodes that keep it. */
  readonly holders: number
  /** When one of them was asked last, and still had it. */
  readonly confirmedAt: number | null
  /** How often it was told anew before its time, because nodes had lost it. */
  readonly renewals: number
}

/** A node that was asked in a lookup. Times in milliseconds since it began. */
export type LookupNode = {
  /** In the order in which they were asked, from 0 on. */
  readonly node: number
  readonly address: string
  /** Bits of the XOR of its id and the topic, 256 at most: each bit less is twice as close. */
  readonly distance: number
  /** Who told of it; null: it was known from the start. */
  readonly teller: number | null
  /** How many nodes had to be asked to get there, itself included. */
  readonly hop: number
  readonly askedAt: number
  /** When it answered, or was given up. */
  readonly endedAt: number | null
  readonly answer: 'none-yet' | 'answered' | 'silent'
  /** Machines that it says announce the topic. */
  readonly announcers: number
}

export type LookupResult = {
  /** In hex. */
  readonly topic: string
  readonly milliseconds: number
  readonly asked: number
  readonly answered: number
  readonly silent: number
  /** To the closest node that answered. */
  readonly hops: number
  /** The closest nodes that answered, the closest first: where an announcement is kept. */
  readonly closest: readonly number[]
  /** How many nodes knew somebody. */
  readonly holders: number
  /** When the first of them answered; null: none did. */
  readonly firstFoundAt: number | null
  /** Who announces it, 200 at most. `self`: this machine. */
  readonly found: readonly { readonly publicKey: string; readonly self: boolean }[]
  /** It took too long, or led to too many nodes. */
  readonly cut: boolean
}

/** Whether somebody who has nothing but a link can open it, as far as can be told from this machine. */
export type Check = {
  readonly steps: readonly CheckStep[]
  /** null: it is still going on. */
  readonly verdict: CheckVerdict | null
  /** In words for people. */
  readonly title: string
  readonly meaning: string
  readonly advice: string | null
}

export type CheckStep = {
  readonly name: 'network' | 'announce' | 'connect' | 'content'
  readonly state: 'waiting' | 'running' | 'passed' | 'failed' | 'unclear' | 'skipped'
  /** What is tried, or what came of it. */
  readonly said: string
  readonly milliseconds: number | null
}

/**
 * `works-from-here`: nothing is known against it, and nobody from elsewhere has proven it. `others-only`: others give it, and this
 * machine, which means to, does not. `unclear`: what failed here may work for a friend. `lacks`: reached, and does not give it.
 */
export type CheckVerdict =
  | 'reachable'
  | 'works-from-here'
  | 'others-only'
  | 'unclear'
  | 'unreachable'
  | 'lacks'
  | 'not-announced'
  | 'dht-silent'
  | 'offline'

export type Settings = {
  readonly id: 'settings'
  /** The person has read that peers can see this machine's address. */
  readonly consented: boolean
  readonly theme: 'system' | 'light' | 'dark'
  readonly downloads: string
  readonly author: string
  readonly notify: boolean
  /** Notifications say what private archives are called, also where others look on, as on a locked screen. */
  readonly namePrivate: boolean
  /** Bytes that content which was looked at and is not kept may take on this device. */
  readonly cache: number
  readonly limits: Limits
  /** Nothing is fetched or served, until the person goes on. */
  readonly paused: boolean
  /** Others on the local network are looked for there as well, and can tell that Cairn runs here. */
  readonly room: boolean
  /** Nodes of the DHT, `HOST:PORT`, to begin with in place of the public ones; empty: the public ones. */
  readonly bootstrap: readonly string[]
  /** The person has taken the first steps, or passed over them. */
  readonly welcomed: boolean
}

export type BackendStatus = {
  readonly version: string
  readonly protocol: number
  readonly storage: string
  readonly platform: string
  readonly pid: number
  /** A fresh one-time address of the page, where this backend serves one. */
  readonly page: string | null
}

/** What this program is made of, and where it keeps what. */
export type AboutProgram = {
  readonly version: string
  /** Of Cairn itself: its SPDX identifier. */
  readonly licence: string
  /** `process.platform`, its release, and `process.arch`. */
  readonly platform: string
  readonly release: string
  readonly arch: string
  /** What it runs in. Electron and Chromium: null where it runs without. */
  readonly node: string
  readonly electron: string | null
  readonly chromium: string | null
  /** Those of the two that come with this program, and where their licences lie; empty: it runs in the Node of this machine. */
  readonly runtimes: readonly Runtime[]
  /** The modules that find, carry and keep archives. */
  readonly modules: readonly { readonly name: string; readonly version: string }[]
  readonly storage: string
  /** What went wrong: the file, the bytes of it with the one before it, and how many these can become at most. */
  readonly log: { readonly path: string; readonly bytes: number; readonly atMost: number }
}

export type Runtime = {
  readonly name: 'Electron' | 'Chromium'
  readonly version: string
  /** An SPDX expression: its own, without those of what it is made of. */
  readonly licence: string
  /** The file on this machine that has all of them in full. null: it is not where packages put it. */
  readonly path: string | null
}

/** All that is said of the browser that shows the page. */
export type PageEngine = {
  /** `another`: none of these, or none that says so. */
  readonly name: 'Electron' | 'Edge' | 'Opera' | 'Firefox' | 'Chromium' | 'Safari' | 'another'
  /** The first number of it. null: it does not say. */
  readonly version: number | null
}

/** A file of which everything that names a person, a machine, an archive or a place has been taken out. JSON. */
export type Diagnostics = { readonly name: string; readonly text: string }

/**
 * The licences of everything that comes with this program: `licences.json` beside the page. Written by the build.
 * `text` is a place in `texts`, which several may share.
 */
export type Licences = {
  readonly packages: readonly {
    readonly name: string
    readonly version: string
    /** An SPDX expression. */
    readonly licence: string
    readonly text: number
  }[]
  readonly texts: readonly string[]
}

export type FolderListing = {
  readonly path: string
  readonly parent: string | null
  readonly folders: readonly { readonly name: string; readonly path: string }[]
  readonly places: readonly { readonly name: string; readonly path: string }[]
}
