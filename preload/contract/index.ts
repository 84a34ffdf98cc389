/**
 * Everything that a client can ask of the backend. A capability is one line here and one handler in
 * `main/handlers.ts`. Streams are called `watch…`; everything else is a call.
 */
import { z } from 'zod'
import { call, stream, type } from './define.ts'
import type {
  AboutProgram,
  AnnounceRow,
  ArchiveRow,
  Availability,
  AvailabilitySummary,
  BackendStatus,
  Change,
  ChangedFile,
  Changeset,
  Check,
  DescribedVersion,
  DhtTable,
  Diagnostics,
  DiskUse,
  Entry,
  EntryPage,
  FileHolder,
  FileVersions,
  FolderUse,
  FolderListing,
  FolderSize,
  Freeing,
  GoneProgress,
  Held,
  LookupNode,
  LookupResult,
  Moment,
  NamedVersion,
  Needed,
  NetworkStatus,
  NewFile,
  News,
  OpenedLink,
  PartFiles,
  PeerName,
  PeerRow,
  Proven,
  PublishReview,
  RareFile,
  ReviewProgress,
  RulesReview,
  Settings,
  Skipped,
  SourceRules,
  TrafficRow,
  TransferRow,
  UpdatePart,
  ZipPart,
} from './models.ts'

/** Raised when a frame, a procedure or a model changes so that an older client would misread it. */
export const PROTOCOL_VERSION = 1

const Key = z.string().regex(/^[ybndrfg8ejkmcpqxot1uwisza345h769]{52}$/, 'not an archive key')
const ArchivePath = z.string().max(4096).startsWith('/', 'an archive path begins with /')
const LocalPath = z.string().min(1).max(4096)
const Version = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER)
const Paths = z.array(ArchivePath).min(1).max(10_000).readonly()
const Id = z.string().min(1).max(100)
const Limit = z.number().int().min(1).max(5000)
/** Bytes per second; null: no limit. Slower than the least, a single block would take minutes. */
const Rate = z.number().int().min(10_000).max(Number.MAX_SAFE_INTEGER).nullable()
const Minute = z.number().int().min(0).max(1439)
const Limits = z.strictObject({
  down: Rate,
  up: Rate,
  schedule: z
    .array(
      z.strictObject({
        days: z.array(z.number().int().min(0).max(6)).min(1).max(7).readonly(),
        from: Minute,
        to: Minute,
        down: Rate,
        up: Rate,
      }),
    )
    .max(50)
    .readonly(),
  connections: z.number().int().min(1).max(1000),
})
const Text = (max: number) => z.string().max(max)
/** Characters of what is said of a version. */
export const LONGEST_MESSAGE = 500
/** What a version is, in the words of its author, for everybody. */
const Message = z.string().trim().max(LONGEST_MESSAGE)
/** Of so many bytes at most. */
const Base64 = (most: number) => z.string().max(Math.ceil(most / 3) * 4)
/** Bytes of a receipt that is checked here: most have 15,000, and what is larger than this would hold everything up. */
const LARGEST_CHECKED = 4 << 20
/** In the syntax of gitignore. */
const RulesText = Text(100_000)
const Exclude = z.array(z.string().max(4096)).max(10_000).readonly()
/** A folder of an archive of yours that follows no folder of this machine. */
const Destination = z.strictObject({ key: Key, folder: ArchivePath })
const Edited = type<{
  /** The version before it, for `restore`. */
  readonly before: number
  readonly files: number
}>()
const Free = z.strictObject({
  key: Key,
  paths: Paths.nullable(),
  /** How many others must hold a file, at least. */
  others: z.number().int().min(1).max(100),
})
/** `HOST:PORT`. */
const BootstrapNode = z
  .string()
  .max(260)
  .regex(/^[^\s:@/]+:([1-9]\d{0,4})$/, 'not HOST:PORT')
  .refine(node => Number(node.split(':')[1]) <= 65_535, 'not HOST:PORT')
const DroppedItem = z.strictObject({
  /** With `/` between segments, as dropped: `Holiday/beach.jpg`. */
  path: z.string().min(1).max(4096),
  size: z.number().int().min(0),
  modified: z.number().nullable(),
})

export const contract = {
  archives: {
    /**
     * Adds the archive to the library and begins to look for it. Returns at once, without waiting for peers. What a pinned
     * link says of a version is proven before anything of that version is answered, until a link that says something else,
     * or for what was found wrong any other link of the archive, is opened.
     */
    open: call({
      input: z.strictObject({ link: z.string().max(8192) }),
      output: type<OpenedLink>(),
    }),
    /**
     * Takes one `open` back, of a look that came to nothing: the archive leaves the library if that look brought it there, unless
     * it was found, is watched for or kept, or somebody else has opened it since. Does nothing otherwise.
     */
    giveUp: call({ input: z.strictObject({ key: Key }) }),
    /** What a link says, without opening it: nothing is asked of anybody and nothing is remembered. Refuses what `open` would. */
    readLink: call({
      input: z.strictObject({ link: z.string().max(8192) }),
      output: type<OpenedLink>(),
    }),
    watch: stream({ emits: type<readonly Change<ArchiveRow>[]>() }),
    /** Looks again now. */
    retry: call({ input: z.strictObject({ key: Key }) }),
    /**
     * Whether the person wants to be told when an archive is found that was not there; it is looked for in any case. Ends
     * by itself when they look at what was found. Does nothing for one that is here already.
     */
    tellWhenFound: call({ input: z.strictObject({ key: Key, tell: z.boolean() }) }),
    describe: call({
      input: z.strictObject({ key: Key, title: Text(200).min(1), description: Text(4000), author: Text(200) }),
    }),
    /** The person has looked at this version. */
    markSeen: call({ input: z.strictObject({ key: Key, length: Version }) }),
    /** Holds everything, now and in future, and serves it; or goes back to looking. What was fetched stays. */
    keep: call({ input: z.strictObject({ key: Key, keep: z.boolean() }) }),
    /** The same, mirrored into a folder that follows the archive. The person's own changes there are kept beside. */
    keepInFolder: call({
      input: z.strictObject({ key: Key, folder: LocalPath }),
      output: type<{ readonly transfer: string }>(),
    }),
    /** The same for what these patterns match, in the syntax of gitignore: `/photos/`, `*.mp3`, `!/photos/raw/`. */
    keepParts: call({
      input: z.strictObject({ key: Key, patterns: z.array(Text(4096).min(1)).min(1).max(10_000).readonly() }),
      output: type<{ readonly transfer: string }>(),
    }),
    /** How updates of what is kept are taken. What is left out stays as it is. */
    setUpdates: call({
      input: z.strictObject({
        key: Key,
        askFirst: z.boolean().optional(),
        growth: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).nullable().optional(),
      }),
    }),
    /** Answers a pending update: takes it, or stays on the version that is kept. */
    answerUpdate: call({ input: z.strictObject({ key: Key, take: z.boolean() }) }),
    /**
     * What the newest version would change in what is kept, file by file, also where no question waits. Ends when all of
     * it has been told. Throws NOT_AVAILABLE.
     */
    watchUpdate: stream({ input: z.strictObject({ key: Key }), emits: type<UpdatePart>() }),
    /**
     * Takes a part of what `watchUpdate` told of version `to`: these paths, or with a `/` at its end what lies below a
     * folder. What stands in the way of a chosen file goes along. The rest stays as it is until the person says otherwise.
     */
    chooseUpdate: call({
      input: z.strictObject({ key: Key, to: Version, paths: Paths }),
      output: type<{ readonly files: number; readonly left: number }>(),
    }),
    /** Whether its changes are worth a notification. */
    setNotify: call({ input: z.strictObject({ key: Key, notify: z.boolean() }) }),
    /** Answers `rewritten`: follows the other history, or stays on the one that is here. Can be said again at any time. */
    answerRewrite: call({ input: z.strictObject({ key: Key, follow: z.boolean() }) }),
    /**
     * Ends a fork of an archive of yours: what is here, up to this version (null: all of it), is its history from now on,
     * and readers are asked to follow. Versions after it, and what the other copy wrote, are given up. To be done on one
     * machine only.
     */
    repair: call({
      input: z.strictObject({ key: Key, version: Version.nullable() }),
      output: type<{ readonly length: number }>(),
    }),
    /**
     * An archive of yours that may be older than what was published from it is written to all the same. If anybody has a
     * newer version of it, there are two histories then.
     */
    insist: call({ input: z.strictObject({ key: Key }) }),
    /** The proof of a fork, as a file that anybody can check without peers. Throws NO_WARRANT. */
    warrant: call({
      input: z.strictObject({ key: Key }),
      output: type<{ readonly name: string; readonly text: string }>(),
    }),
    /** A friend's archive is neither fetched nor served until it goes on. What is here can be looked at. */
    pause: call({ input: z.strictObject({ key: Key, paused: z.boolean() }) }),
    /** How quickly it may be fetched and served, in bytes per second, beside what holds for everything; null: no limit. */
    setLimits: call({ input: z.strictObject({ key: Key, down: Rate, up: Rate }) }),
    /** Leaves the swarm and forgets the archive; its blocks are deleted from this device. Copies elsewhere stay. */
    forget: call({ input: z.strictObject({ key: Key }) }),
    /** A link to a version that nobody can bend (with both hashes), to a path if given. */
    pinnedLink: call({
      input: z.strictObject({ key: Key, version: Version, path: ArchivePath }),
      output: type<{ readonly link: string }>(),
    }),
  },
  disk: {
    /** What archives take on this device. */
    use: call({ output: type<DiskUse>() }),
    /** The same by what lies in a folder of one of them. */
    folder: call({ input: z.strictObject({ key: Key, folder: ArchivePath }), output: type<FolderUse>() }),
    /**
     * Deletes what was looked at and is not kept, of one archive or of all (null), and gives its room back. Returns the
     * bytes of content that went.
     */
    clear: call({ input: z.strictObject({ key: Key.nullable() }), output: type<{ readonly cleared: number }>() }),
  },
  publish: {
    /** Counts what would become public under these rules. Changes nothing. */
    review: call({
      input: z.strictObject({
        paths: z.array(LocalPath).min(1).max(1000).readonly(),
        /** The person's own rules: they have the last word over the defaults and `.cairnignore`. */
        rules: RulesText.optional(),
        /** Archive paths that the person took out. */
        exclude: Exclude.optional(),
        into: Destination.nullable().optional(),
      }),
      emits: type<ReviewProgress>(),
      output: type<PublishReview>(),
    }),
    /** The same for items dropped on a page that knows no paths. */
    reviewDropped: call({
      input: z.strictObject({
        title: Text(200),
        items: z.array(DroppedItem).max(200_000).readonly(),
        /** The text of the `.cairnignore` in the one folder that was dropped. */
        rules: RulesText.nullable(),
        ownRules: RulesText.optional(),
        /** Paths as dropped. */
        exclude: Exclude.optional(),
        into: Destination.nullable().optional(),
      }),
      output: type<PublishReview & { readonly ignoredPaths: readonly string[] }>(),
    }),
    /** After the yes. The link exists when this returns; the import goes on as a transfer. */
    start: call({
      input: z.strictObject({
        review: Id,
        title: Text(200).min(1),
        private: z.boolean(),
        /** Archive paths that the person took out on the sheet, beside those that were reviewed. */
        exclude: Exclude,
        /** The person has seen what looks private and wants it published. */
        includeSuspicious: z.boolean(),
        /** Copied once into a folder of an archive of yours that follows no folder, instead of an archive of its own. */
        into: Destination.nullable(),
        /** What becomes of files that stand in the way there; without it they are replaced. */
        onClash: z.enum(['replace', 'keep-both', 'skip']).optional(),
        /** Of what is published already: of the next version, if there is anything new now. */
        message: Message.optional(),
      }),
      output: type<{ readonly key: string; readonly link: string; readonly transfer: string }>(),
    }),
    /**
     * The same for dropped items: creates or takes the archive, to which the page then streams files over the
     * upload route of the web shell. `into`: an archive of yours and the folder in it that receives them.
     */
    startUpload: call({
      input: z.strictObject({
        title: Text(200).min(1),
        private: z.boolean(),
        files: z.number().int().min(0),
        bytes: z.number().int().min(0),
        into: Destination.nullable(),
        message: Message.optional(),
      }),
      output: type<{
        readonly key: string
        readonly link: string
        readonly upload: string
        readonly transfer: string
      }>(),
    }),
    /** All files are sent: commits the rest. */
    finishUpload: call({ input: z.strictObject({ upload: Id }) }),
    /**
     * Edits of an archive of yours that follows no folder: each is one changeset, and none moves bytes. They throw
     * PATH_NOT_FOUND for what is not there any more and PATH_TAKEN for what stands in the way.
     */
    remove: call({
      input: z.strictObject({ key: Key, paths: Paths, message: Message.optional() }),
      output: Edited,
    }),
    rename: call({
      input: z.strictObject({ key: Key, from: ArchivePath, to: ArchivePath, message: Message.optional() }),
      output: Edited,
    }),
    move: call({
      input: z.strictObject({
        key: Key,
        paths: Paths,
        folder: ArchivePath,
        message: Message.optional(),
      }),
      output: Edited,
    }),
    /**
     * Makes what lies at and below these paths what it was in that version: undoes any edit. Of an archive of yours that
     * follows a folder, the folder is changed; what it holds and the archive does not is published before, and what cannot
     * be is left. `transfer`: it goes on as that. Throws SOURCE_PAUSED while nothing follows
     * it, VERSION_NOT_FOUND for a version that cannot be opened, and PATH_NOT_FOUND where none of the paths is in it or in
     * the newest. `message`: in place of "Restored from version N".
     */
    restore: call({
      input: z.strictObject({
        key: Key,
        version: Version,
        paths: z.array(ArchivePath).min(1).max(20_000).readonly(),
        message: Message.optional(),
      }),
      output: type<{
        readonly before: number
        readonly files: number
        /**
         * Of a folder: what was left, since it holds what is not in the archive, or the archive's rules leave it out. Empty
         * where there is a transfer, which has them.
         */
        readonly skipped: readonly Skipped[]
        readonly transfer: string | null
      }>(),
    }),
    /** What the person decided about what is published of the folder that an archive of yours follows. */
    rules: call({ input: z.strictObject({ key: Key }), output: type<SourceRules>() }),
    /** What these decisions would publish, and how the next version would differ. Changes nothing. */
    reviewRules: call({
      input: z.strictObject({ key: Key, rules: RulesText, exclude: Exclude, includeSuspicious: z.boolean() }),
      emits: type<ReviewProgress>(),
      output: type<RulesReview>(),
    }),
    /** `leaving`: how many files the person was told would leave the next version. More than those are asked about. */
    changeRules: call({
      input: z.strictObject({
        key: Key,
        rules: RulesText,
        exclude: Exclude,
        includeSuspicious: z.boolean(),
        leaving: z.number().int().min(0),
        /** Of the version that comes of it, if one does. */
        message: Message.optional(),
      }),
    }),
    /**
     * What an archive is made from lies elsewhere now: it is followed there, and nothing is imported again. Throws
     * SOURCE_DIFFERS, unless `force`, where fewer than half of its files are found by path and size. For a file, `to`
     * may be the folder that holds it.
     */
    moveSource: call({
      input: z.strictObject({ key: Key, from: LocalPath, to: LocalPath, force: z.boolean() }),
    }),
    pause: call({ input: z.strictObject({ key: Key, paused: z.boolean() }) }),
    /** Answers `asks-removal`: take them out of the archive, or leave them and go on. */
    answerRemoval: call({ input: z.strictObject({ key: Key, remove: z.boolean(), message: Message.optional() }) }),
  },
  read: {
    list: call({
      input: z.strictObject({
        key: Key,
        version: Version.nullable(),
        folder: ArchivePath,
        cursor: z.string().max(8192).nullable(),
        limit: Limit,
        /** What is there after a quarter of a second is a page, where the rest has to be waited for. */
        soon: z.boolean().optional(),
      }),
      output: type<EntryPage>(),
    }),
    entry: call({
      input: z.strictObject({ key: Key, version: Version.nullable(), path: ArchivePath }),
      output: type<Entry | null>(),
    }),
    /**
     * How much lies below folders, told of one after the other. `limit`: entries that are read of each, at most. Without
     * `fetch` nothing is asked of peers, and of a folder whose list is not all on this device nothing is said.
     */
    measure: call({
      input: z.strictObject({
        key: Key,
        version: Version.nullable(),
        folders: z.array(ArchivePath).min(1).max(500).readonly(),
        limit: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
        fetch: z.boolean(),
      }),
      emits: type<FolderSize>(),
    }),
    /**
     * An unguessable token under which the shell's content origin serves this archive at this version: each file by its
     * path, or with `zip` these files and folders as one zip, under any name that is asked for.
     */
    grant: call({
      input: z.strictObject({ key: Key, version: Version.nullable(), zip: Paths.optional() }),
      output: type<{ readonly grant: string }>(),
    }),
    /**
     * One zip of these, for clients that know no content origin. Ends when all of it has been emitted. Waits for peers as
     * long as it takes. Throws PATH_NOT_FOUND.
     */
    watchZip: stream({
      input: z.strictObject({ key: Key, version: Version.nullable(), paths: Paths }),
      emits: type<ZipPart>(),
    }),
    /** The page's second way to the bytes of small texts: at most `length` bytes (1 MiB at most) from `start`. */
    bytes: call({
      input: z.strictObject({
        key: Key,
        version: Version.nullable(),
        path: ArchivePath,
        start: z.number().int().min(0),
        length: z
          .number()
          .int()
          .min(0)
          .max(1 << 20),
      }),
      output: type<{ readonly base64: string; readonly size: number }>(),
    }),
    /**
     * Proof that a file was in an archive at this path in this version, as the text of a small file, which `cairn verify` checks
     * beside the file itself. Fetches what is missing of the file. Throws RECEIPT_IMPOSSIBLE with the reason.
     */
    receipt: call({
      input: z.strictObject({ key: Key, version: Version.nullable(), path: ArchivePath }),
      emits: type<{ readonly bytes: number; readonly ofBytes: number }>(),
      output: type<{ readonly name: string; readonly text: string; readonly version: number }>(),
    }),
    /** Writes files and folders of one version into a folder of this machine. The transfer outlives the page. */
    download: call({
      input: z.strictObject({
        key: Key,
        version: Version.nullable(),
        paths: Paths,
        folder: LocalPath,
        /** Replace files of the person's own that stand in the way; otherwise they are left and listed. */
        overwrite: z.boolean(),
      }),
      output: type<{ readonly transfer: string }>(),
    }),
  },
  proofs: {
    /**
     * Whether a receipt (`read.receipt`) and a file that the client holds belong together, of which no archive and no peer has
     * to be there. As soon as `check` is told, the file is to come by `feed`. Throws RECEIPT_WRONG.
     */
    check: call({
      input: z.strictObject({ receipt: Base64(LARGEST_CHECKED) }),
      emits: type<{ readonly check: string; readonly bytes: number }>(),
      output: type<Proven>(),
    }),
    /** The next piece of the file, in order, each after the one before was taken; an empty one: that was all. */
    feed: call({ input: z.strictObject({ check: Id, piece: Base64(1 << 20) }) }),
  },
  history: {
    /**
     * Newest first. `before` is exclusive: the `from` of the last one seen; null begins at the newest. With `soon`, what is
     * there after a tenth of a second is a page, where the rest has to be waited for.
     */
    list: call({
      input: z.strictObject({
        key: Key,
        before: Version.nullable(),
        limit: z.number().int().min(1).max(200),
        soon: z.boolean().optional(),
      }),
      output: type<{ readonly changesets: readonly Changeset[]; readonly before: number | null }>(),
    }),
    /** What differs between two versions, by path. */
    changes: call({
      input: z.strictObject({ key: Key, from: Version, to: Version, limit: Limit }),
      output: type<{ readonly files: readonly ChangedFile[]; readonly more: boolean }>(),
    }),
    /**
     * The versions that can be opened, newest first, from `until` (null: the newest) on. One inside of a changeset stands
     * for that at its end. Give `before` back as `until` to go on; null: that was all.
     */
    moments: call({
      input: z.strictObject({ key: Key, until: Version.nullable(), limit: z.number().int().min(1).max(200) }),
      output: type<{ readonly moments: readonly Moment[]; readonly before: number | null }>(),
    }),
    /**
     * What was in a folder of earlier versions and is in this one (null: the newest) no more, told of as it is found; with
     * `name` everything below it whose name holds that; without one, with `below`, also what is gone from the folders in it
     * that are still there, where a folder that is gone stands for all that was in it. Reads a bounded part of the log, from `until` (null: this version)
     * backwards: give `before` back as `until` to search on; null: that was all.
     */
    gone: call({
      input: z.strictObject({
        key: Key,
        version: Version.nullable(),
        folder: ArchivePath,
        name: Text(255).min(1).nullable(),
        below: z.boolean().optional(),
        until: Version.nullable(),
        limit: z.number().int().min(1).max(1000),
      }),
      emits: type<GoneProgress>(),
      output: type<{ readonly before: number | null }>(),
    }),
    /** What was said of versions after they were made, the newest first: what they are called, and what they are. */
    names: call({
      input: z.strictObject({ key: Key }),
      output: type<{
        readonly names: readonly NamedVersion[]
        readonly descriptions: readonly DescribedVersion[]
      }>(),
    }),
    /**
     * Calls a version something, or (null) nothing any more: in an archive of yours for everybody, as a changeset; of a
     * friend's for this library alone. Throws VERSION_NOT_FOUND for one that cannot be opened.
     */
    name: call({
      input: z.strictObject({ key: Key, version: Version, name: z.string().trim().min(1).max(200).nullable() }),
    }),
    /**
     * Says of a version of an archive of yours what it is, or (null) nothing any more: for everybody, as a changeset. Throws
     * VERSION_NOT_FOUND for one that cannot be opened, ARCHIVE_READ_ONLY.
     */
    describe: call({ input: z.strictObject({ key: Key, version: Version, message: Message.min(1).nullable() }) }),
    /** What became of one file, from `until` (null: the newest) on: one lookup for each time that it was written. */
    file: call({
      input: z.strictObject({
        key: Key,
        path: ArchivePath,
        until: Version.nullable(),
        limit: z.number().int().min(1).max(100),
      }),
      output: type<FileVersions>(),
    }),
    /**
     * The same as one changeset: with counts over all of it, and what is not on this device. Where there is `more`, both
     * are of those that were read.
     */
    news: call({
      input: z.strictObject({ key: Key, from: Version, to: Version, limit: Limit }),
      output: type<{
        readonly files: readonly NewFile[]
        readonly counts: News
        readonly missing: number
      }>(),
    }),
  },
  peers: {
    watch: stream({ input: z.strictObject({ key: Key }), emits: type<readonly Change<PeerRow>[]>() }),
    /** What has passed, today and for ever: of each archive of which anything has, and of all. Once a second at most. */
    watchTraffic: stream({ emits: type<readonly Change<TrafficRow>[]>() }),
  },
  names: {
    /** What the person calls other machines; known to nobody else. */
    watch: stream({ emits: type<readonly Change<PeerName>[]>() }),
    /** null: nothing any more. */
    set: call({ input: z.strictObject({ id: Key, name: z.string().trim().min(1).max(100).nullable() }) }),
  },
  availability: {
    /** In one line for each archive, at most twice a second. */
    watchAll: stream({ emits: type<readonly Change<AvailabilitySummary>[]>() }),
    /** All that is known of one, at most four times a second. */
    watch: stream({ input: z.strictObject({ key: Key }), emits: type<readonly Change<Availability>[]>() }),
    /**
     * For the rows on the screen, in the order of `paths`; null for what is no file or folder of this version (null: the
     * newest). Of an older version folders are null as well. Asks nobody. Throws NOT_AVAILABLE while the list is not here.
     */
    files: call({
      input: z.strictObject({
        key: Key,
        version: Version.nullable(),
        paths: z.array(ArchivePath).min(1).max(500).readonly(),
      }),
      output: type<{ readonly held: readonly (Held | null)[] }>(),
    }),
    /** Others who hold some of a file or folder, those who are connected first. Throws as `files` does, and PATH_NOT_FOUND. */
    who: call({
      input: z.strictObject({ key: Key, version: Version.nullable(), path: ArchivePath }),
      output: type<{ readonly holders: readonly FileHolder[] }>(),
    }),
    /** Files of the newest version, those first that the fewest others hold, and of these the largest. Throws NOT_AVAILABLE. */
    rarest: call({
      input: z.strictObject({ key: Key, limit: z.number().int().min(1).max(1000) }),
      output: type<{ readonly files: readonly RareFile[] }>(),
    }),
    /**
     * The files of one part of `Availability.bar`, counted from 0, as it is of this version; null where it is another
     * version by now. Throws NOT_AVAILABLE.
     */
    part: call({
      input: z.strictObject({ key: Key, version: Version, part: z.number().int().min(0).max(255) }),
      output: type<{ readonly part: PartFiles | null }>(),
    }),
    /**
     * What others would miss if this machine went now: archives of which it alone has files, and which somebody who is
     * connected keeps whole or is fetching.
     */
    needed: call({ output: type<{ readonly archives: readonly Needed[] }>() }),
    /** What `free` would do as things stand now. Changes nothing. */
    planFreeing: call({ input: Free, output: type<Freeing>() }),
    /**
     * Deletes copies of a friend's archive that at least so many others hold who are connected now, do more than look, and
     * promise to keep them: of these files and folders (null: everything, with older versions). They are fetched when they are
     * opened; what is kept otherwise stays as it is, and so do later versions. Throws ARCHIVE_READ_ONLY, PATH_NOT_FOUND,
     * NOT_AVAILABLE while the list is not here.
     */
    free: call({ input: Free, output: type<Freeing>() }),
    /** What was freed is fetched again, and kept as the rest. */
    recall: call({ input: z.strictObject({ key: Key }) }),
  },
  transfers: {
    watch: stream({ emits: type<readonly Change<TransferRow>[]>() }),
    pause: call({ input: z.strictObject({ id: Id }) }),
    resume: call({ input: z.strictObject({ id: Id }) }),
    cancel: call({ input: z.strictObject({ id: Id }) }),
    /** Takes ended ones off the list. */
    clear: call({}),
    /** All that was left out; the row holds the first ones. */
    skipped: call({
      input: z.strictObject({ id: Id, offset: z.number().int().min(0), limit: Limit }),
      output: type<{ readonly skipped: readonly Skipped[]; readonly total: number }>(),
    }),
  },
  network: {
    watch: stream({ emits: type<readonly Change<NetworkStatus>[]>() }),
    /** The DHT node's table, once a second where it changes. Throws NETWORK_OFF. */
    watchTable: stream({ emits: type<DhtTable>() }),
    /** What the DHT has been told of this machine. */
    watchAnnounces: stream({ emits: type<readonly Change<AnnounceRow>[]>() }),
    /**
     * Looks an archive up, told node by node: each time it changes, a node is told of again. `fresh`: from a node that begins
     * with nothing, as a stranger does, and not from the table of this machine. Adds nothing to the library. One at a time. Throws
     * NETWORK_OFF, also when this machine leaves the network meanwhile; so does `check`.
     */
    lookup: call({
      input: z.strictObject({ link: z.string().max(8192), fresh: z.boolean() }),
      emits: type<readonly LookupNode[]>(),
      output: type<LookupResult>(),
    }),
    /**
     * Tries to open a link as a stranger would, and says how far that got. Adds nothing to the library. One at a time; ends
     * by itself within two minutes. Throws NETWORK_OFF.
     */
    check: call({
      input: z.strictObject({ link: z.string().max(8192) }),
      emits: type<Check>(),
      output: type<Check>(),
    }),
  },
  settings: {
    watch: stream({ emits: type<readonly Change<Settings>[]>() }),
    update: call({
      input: z.strictObject({
        consented: z.boolean().optional(),
        theme: z.enum(['system', 'light', 'dark']).optional(),
        downloads: LocalPath.optional(),
        author: Text(200).optional(),
        notify: z.boolean().optional(),
        namePrivate: z.boolean().optional(),
        cache: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional(),
        limits: Limits.optional(),
        paused: z.boolean().optional(),
        room: z.boolean().optional(),
        bootstrap: z.array(BootstrapNode).max(20).readonly().optional(),
        welcomed: z.boolean().optional(),
      }),
    }),
  },
  machine: {
    status: call({ output: type<BackendStatus>() }),
    /**
     * It has slept, and the shell was told by the system: connections are tried again and folders looked at now, and not some
     * seconds later. Does nothing else, and may be said at any time.
     */
    woke: call({}),
    about: call({ output: type<AboutProgram>() }),
    /** For somebody who helps: how things stand, and what went wrong last. Takes a second or two; nothing is sent. */
    diagnostics: call({
      input: z.strictObject({
        /** What the page that asks runs in. null: no page asks. */
        page: z
          .strictObject({
            name: z.enum(['Electron', 'Edge', 'Opera', 'Firefox', 'Chromium', 'Safari', 'another']),
            version: z.number().int().min(1).max(9999).nullable(),
          })
          .nullable(),
      }),
      output: type<Diagnostics>(),
    }),
    /** Folders of this machine, for choosing one where the shell has no dialog of its own. null: the home folder. */
    folders: call({ input: z.strictObject({ path: LocalPath.nullable() }), output: type<FolderListing>() }),
    createFolder: call({
      input: z.strictObject({ parent: LocalPath, name: z.string().min(1).max(255) }),
      output: type<{ readonly path: string }>(),
    }),
  },
} as const
export type Contract = typeof contract

/** What a desktop shell can do beside the backend. A browser answers NOT_IN_THIS_SHELL or does its own thing. */
export const shellContract = {
  chooseFolder: call({ input: z.strictObject({ title: Text(200) }), output: type<{ readonly path: string | null }>() }),
  chooseSources: call({
    input: z.strictObject({ title: Text(200) }),
    output: type<{ readonly paths: readonly string[] }>(),
  }),
  reveal: call({ input: z.strictObject({ path: LocalPath }) }),
  /** In the program that this machine has for such a file, out of what comes with Cairn. Does nothing where it is missing. */
  showLicence: call({ input: z.strictObject({ of: z.enum(['Electron', 'Chromium']) }) }),
  /** https and mailto only, after the page has shown the whole address. */
  openExternal: call({ input: z.strictObject({ url: z.string().max(2048) }) }),
  /** A click on it asks for the changes of an archive (`key`), or for the library. */
  notify: call({ input: z.strictObject({ title: Text(200), body: Text(1000), key: Key.nullable() }) }),
  /** Links that the operating system handed over, and commands from the menu. */
  watchRequests: stream({ emits: type<ShellRequest>() }),
  /**
   * Makes files of one version ready to be dragged out of the window: copies of ours, which are there when the drag begins. Waits
   * for peers as long as it takes. Throws PATH_NOT_FOUND, NOT_A_FILE, TOO_MUCH_TO_DRAG, NO_ROOM, NOT_AVAILABLE, and INVALID_INPUT
   * for names that this system has no place for.
   */
  prepareDrag: call({
    input: z.strictObject({ key: Key, version: Version, paths: z.array(ArchivePath).min(1).max(100).readonly() }),
    emits: type<{ readonly bytes: number; readonly ofBytes: number }>(),
    output: type<{ readonly drag: string; readonly files: readonly string[] }>(),
  }),
  /** To be called while the person holds the pointer down. Throws SOURCE_NOT_FOUND for what has to be prepared again. */
  startDrag: call({ input: z.strictObject({ drag: Id }) }),
  /** First how it is, then after each change that was made here. */
  watchPreferences: stream({ emits: type<ShellPreferences>() }),
  /** What is left out stays as it is; what this system has no place for is passed over. */
  prefer: call({
    input: z.strictObject({
      startAtLogin: z.boolean().optional(),
      closeToTray: z.boolean().optional(),
      keepAwake: z.boolean().optional(),
      inMenus: z.boolean().optional(),
    }),
  }),
} as const
export type ShellContract = typeof shellContract

export type ShellRequest =
  | { readonly kind: 'open-link'; readonly link: string }
  | { readonly kind: 'publish' }
  | { readonly kind: 'paste-link' }
  | {
      readonly kind: 'show'
      readonly view: 'transfers' | 'settings' | 'home' | 'network' | 'shortcuts' | 'about' | 'diagnostics'
    }
  | { readonly kind: 'changes'; readonly key: string }
  /** One of the library; nothing happens where it has been forgotten meanwhile. */
  | { readonly kind: 'archive'; readonly key: string }

/** How the desktop behaves beside the window. null: this system has no place for it. */
export type ShellPreferences = {
  /** Without its window, whenever the person logs in. */
  readonly startAtLogin: boolean | null
  /** Closing the window leaves Cairn running, in the tray. */
  readonly closeToTray: boolean | null
  /** The machine does not go to sleep by itself while something is transferred. */
  readonly keepAwake: boolean
  /** Found in the menus of the desktop, and opens links: of a Cairn that is one file and has no installer. */
  readonly inMenus: boolean | null
}

export type { Entry }
