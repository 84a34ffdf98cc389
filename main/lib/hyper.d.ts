/**
 * The smallest description of the Hyper* modules that says what Cairn uses. None of them ships types. Lengths are
 * in blocks, sizes in bytes, times in milliseconds.
 */
declare module 'hypercore' {
  import type { EventEmitter } from 'node:events'
  import type { Duplex } from 'node:stream'

  namespace Hypercore {
    type Range = {
      readonly start?: number /** -1: for ever */
      readonly end?: number
      readonly linear?: boolean
      readonly blocks?: readonly number[]
    }
    type Download = { done(): Promise<void>; destroy(): void }
    type GetOptions = { readonly wait?: boolean; readonly timeout?: number }
    type Peer = {
      readonly remotePublicKey: Uint8Array
      readonly remoteLength: number
      readonly remoteFork: number
      readonly remoteContiguousLength: number
      readonly remoteBitfield: {
        get(index: number): boolean
        /** -1: none at or behind it. */
        firstSet(index: number): number
        firstUnset(index: number): number
      }
      /** Has it tell which of these blocks it has, once now and then as they come, unless it knows that they are here. */
      readonly wireWant: { send(range: { start: number; length: number; any: boolean }): boolean }
      readonly wireUnwant: { send(range: { start: number; length: number; any: boolean }): boolean }
      /** One connection, shared by all cores. */
      readonly stream: import('hyperswarm').Connection | import('@hyperswarm/secret-stream')
    }
    type KeyPair = { readonly publicKey: Buffer; readonly secretKey: Buffer }
    /** What follows is the inside of 11.37.1, on which `main/archives/{appender,blocks,content-length,lone-nodes}.ts`, `main/proofs/signed.ts`, `main/lib/{read-ahead,tree-nodes}.ts`, `main/read/fetch.ts` and `main/network/{shaper,stalls,takeovers}.ts` lean. */
    type TreeNode = { readonly index: number; readonly size: number; readonly hash: Buffer }
    type Manifest = {
      readonly version: number
      readonly allowPatch: boolean
      readonly quorum: number
      readonly signers: readonly { readonly namespace: Buffer; readonly publicKey: Buffer }[]
      readonly prologue: unknown
      readonly linked?: unknown
      readonly userData?: unknown
    }
    type Tree = {
      roots: TreeNode[]
      length: number
      byteLength: number
      /** Where it begins: it can be committed to a log of this length. */
      treeLength: number
      ancestors: number
      append(block: Buffer): void
      appendRoot(node: TreeNode, cursor: import('flat-tree').Iterator): void
    }
    type Transaction = {
      putBlock(index: number, block: Buffer): void
      putTreeNode(node: TreeNode): void
      deleteTreeNode(index: number): void
      deleteTreeNodeRange(start: number, end: number): void
      flush(): Promise<boolean>
    }
    type Reads = {
      /** Of RocksDB, with what is to be read. */
      readonly read: { readonly _operations: readonly unknown[] }
      destroy(): void
      getTreeNode(index: number): Promise<TreeNode | null>
      getBlock(index: number): Promise<Buffer | null>
      tryFlush(): void
    }
    /** A wait for a block. `snapshot`: it is given up when the log is truncated below it. */
    type Request = { readonly promise: Promise<Buffer>; snapshot: boolean }
    type OnItsWay = { readonly peer: ReplicatorPeer }
    /** A request to a peer, and one of a peer. */
    type PeerRequest = OnItsWay & { readonly block: { readonly index: number } | null }
    type RemoteRequest = { readonly id: number; readonly block: unknown; readonly priority: number }
    /** A block to be asked for; `queued`: nobody has been asked. */
    type BlockRequest = {
      readonly index: number
      readonly priority: number
      /** To several peers, where one is slow with it. */
      readonly inflight: readonly PeerRequest[]
      queued: boolean
    }
    type ReplicatorPeer = {
      readonly remotePublicKey: Buffer
      /** `drained`: what was written has gone further down. */
      readonly protomux: { readonly drained: boolean }
      readonly channel: { close(): void }
      /** One connection, shared by all cores. */
      readonly stream: {
        readonly remotePublicKey: Buffer
        readonly rawBytesRead: number
        readonly rawBytesWritten: number
        /** `rtt`: there and back for packets, in milliseconds; of UDX. */
        readonly rawStream: { readonly rtt?: number }
        once(event: 'close', listener: () => void): unknown
        destroy(error: Error): unknown
      }
      readonly stats: { readonly wireData: { readonly rx: number; readonly tx: number }; hotswaps: number }
      /** It answers. */
      readonly remoteUploading: boolean
      /** Requests on their way to it. */
      readonly inflight: number
      getMaxInflight(): number
      /** Sends a request. */
      _send(request: PeerRequest): Promise<void>
      /** It was answered, whether by data or by none. */
      _onrequestroundtrip(request: PeerRequest): void
      /** false: it cannot be asked for it. */
      _requestBlock(block: BlockRequest): boolean
      isActive(): boolean
      /** It asks for something. What it waits for stands in `remoteRequests`, and in `receiverQueue` what waits here. */
      onrequest(request: RemoteRequest): Promise<void>
      _handleRequests(): Promise<void>
      _handleRequest(request: RemoteRequest): Promise<void>
      readonly remoteRequests: Map<number, RemoteRequest>
      readonly receiverQueue: {
        readonly length: number
        /** What is not urgent. */
        readonly queue: { readonly length: number }
        readonly priority: readonly RemoteRequest[]
        push(request: RemoteRequest): void
        /** null: what was in it is not wanted any more. */
        shift(): RemoteRequest | null
      }
      /** It does not wait for this any more. */
      _cancel(id: number): void
      /** The channel is open. */
      readonly remoteOpened: boolean
      readonly removed: boolean
      /** It is asked for nothing. */
      paused: boolean
      /** It says which blocks it has, or has no more. */
      onrange(range: { readonly drop: boolean; readonly start: number; readonly length: number }): Promise<void>
      onbitfield(said: { readonly start: number; readonly bitfield: Uint32Array }): void
      _cancelRequest(request: PeerRequest): void
      /** It says that what it was asked for does not come. */
      onnodata(said: { readonly request: number; readonly reason: number }): void
      /** It says how long its log is, and of which fork. */
      onsync(said: unknown): Promise<void>
      readonly remoteLength: number
      readonly remoteFork: number
      /** It has said how long its log is. */
      readonly remoteSynced: boolean
      /** It says that it has this block. */
      _remoteHasBlock(index: number): boolean
      readonly wireRequest: { send(request: ProofRequest): boolean }
      readonly wireData: { send(data: Proof & { readonly block: null; readonly seek: null }): boolean }
      _handleData(data: Proof): Promise<void>
      /** Asks for a piece of the tree of a history with another fork. false: it cannot be asked. */
      _requestForkRange(request: ForkRequest): boolean
    }
    type Upgrade = {
      readonly start: number
      readonly length: number
      readonly nodes: readonly TreeNode[]
      readonly additionalNodes: readonly TreeNode[]
      readonly signature: Buffer
    }
    /** What a peer tells of a log: here its head. `request` 0: nobody has asked. */
    type Proof = {
      readonly request?: number
      readonly fork: number
      readonly block?: {
        readonly index: number
        readonly value: Buffer | null
        readonly nodes: readonly TreeNode[]
      } | null
      readonly seek?: { readonly bytes: number; readonly nodes: readonly TreeNode[] } | null
      readonly hash: { readonly index: number; readonly nodes: readonly TreeNode[] } | null
      readonly upgrade: Upgrade | null
      readonly manifest?: unknown
    }
    type ProofRequest = {
      readonly id: number
      readonly fork: number
      readonly block: null
      readonly hash: { readonly index: number; readonly nodes: number } | null
      readonly seek: null
      readonly upgrade: { readonly start: number; readonly length: number } | null
      readonly manifest: boolean
      readonly priority: number
    }
    /** Another history of the same log, compared with the one that is here. */
    type Reorg = {
      readonly fork: number
      readonly length: number
      /** The length of the one that is here, and how much of it both have. */
      readonly treeLength: number
      readonly ancestors: number
      /** Which piece of its tree is asked for next; null: where they part is known. */
      readonly want: { readonly start: number; readonly end: number; readonly nodes: number } | null
      readonly finished: boolean
      update(proof: Proof): Promise<boolean> | boolean
      commitable(): boolean
    }
    type ForkRequest = {
      readonly fork: number
      readonly batch: Reorg | null
      readonly inflight: readonly PeerRequest[]
    }
    type Replicator = {
      readonly peers: readonly ReplicatorPeer[]
      readonly _inflight: Iterable<PeerRequest> & {
        readonly idle: boolean
        get(id: number): PeerRequest | null | undefined
      }
      /** Something has come and is right; `request`: for what it was sent. */
      _ondata(from: ReplicatorPeer, request: PeerRequest | null, data: Proof): void
      /** Something does not come. */
      _onnodata(from: ReplicatorPeer, request: PeerRequest | null, reason: number): void
      readonly _blocks: {
        add(index: number, priority: number, force: boolean): unknown
        get(index: number): BlockRequest | null
        isEmpty(): boolean
      }
      /** What else is wanted. */
      readonly _ranges: readonly unknown[]
      readonly _seeks: readonly unknown[]
      readonly stats: { hotswaps: number }
      /** Asks a peer that has room left for what others were asked for already. */
      _updateHotswap(peer: ReplicatorPeer): void
      detachFrom(protomux: unknown): void
      /** Requests on their way to one peer at once, at least and at most. */
      setInflightRange(least: number, most: number): void
      readonly inflightRange: readonly [least: number, most: number]
      addBlock(session: unknown[], index: number, force: boolean): Request
      cancel(request: Request): void
      _addPeer(peer: ReplicatorPeer): void
      _removePeer(peer: ReplicatorPeer): void
      /** A block is about to be sent, or has come: `bytes` as it is stored. */
      _onupload(index: number, bytes: number, to: ReplicatorPeer): void
      _ondownload(index: number, bytes: number, from: ReplicatorPeer, request: unknown): void
      /** Asks a peer for what it has room for, and for what others are slow with. */
      updatePeer(peer: ReplicatorPeer): void
      /** One step of that. false: it has no room, or there is nothing to ask it for. */
      _updatePeer(peer: ReplicatorPeer): boolean
      /** Blocks to be asked for, and some that were given up. */
      readonly _queued: readonly BlockRequest[]
      queueUpdateAll(): void
      /** The same for lists of blocks, lengths, and histories with another fork. */
      _updatePeerNonPrimary(peer: ReplicatorPeer): boolean
      /** Whether a peer is to be asked for a longer log. */
      _shouldUpgrade(peer: ReplicatorPeer): boolean
      /** Histories with another fork that were heard of. */
      _reorgs: ForkRequest[]
      /** Asks a peer for its history if that has a higher fork. */
      _updateFork(peer: ReplicatorPeer): boolean
      /** Makes the log that history: what is not in it is deleted. */
      _applyReorg(request: ForkRequest): Promise<void>
      _clearRequest(peer: ReplicatorPeer, request: OnItsWay): void
    }
    type State = {
      readonly length: number
      readonly fork: number
      /** null: nothing is signed yet. */
      readonly signature: Buffer | null
      readonly encryptionFork: number
      readonly byteLength: number
      readonly storage: { write(): Transaction; read(fork?: number): Reads }
      _activeTx: Transaction | null
      createTreeBatch(): Tree
      createWriteBatch(): Transaction
      flush(): Promise<boolean>
      append(
        blocks: readonly Buffer[],
        options?: {
          readonly keyPair?: KeyPair | null
          readonly preappend?: ((blocks: readonly Buffer[]) => Promise<void>) | null | false
        },
      ): Promise<{ length: number; byteLength: number }>
    }
    /** What all sessions of a log share. */
    type Inner = {
      readonly key: Buffer
      readonly discoveryKey: Buffer
      readonly header: { readonly manifest: unknown; readonly hints: { readonly contiguousLength: number } }
      readonly state: State
      readonly bitfield: { countSet(start: number, length: number): number; get(index: number): boolean }
      readonly replicator: Replicator
      /** A peer has shown its head. true: it is not that of the history that is here. */
      checkConflict(proof: Proof, from: ReplicatorPeer): Promise<boolean>
      verifyReorg(proof: Proof): Promise<Reorg>
      /** Takes what a peer has sent into the log. false: it does not go with what is here. Throws when it is wrong. */
      verify(proof: Proof, from?: ReplicatorPeer): Promise<boolean>
      /** Throws unless it was signed by the key of the log. */
      _verifyBatchUpgrade(tree: { readonly length: number }, manifest: unknown): unknown
    }
    type Encryption = {
      encrypt(index: number, block: Buffer, fork: number, core: object): Promise<void>
      decrypt(index: number, block: Buffer, core: object): Promise<void>
    }
  }

  class Hypercore<Block = Buffer> extends EventEmitter {
    static discoveryKey(key: Uint8Array): Buffer
    static key(manifest: unknown): Buffer
    readonly key: Buffer
    readonly discoveryKey: Buffer
    readonly length: number
    readonly byteLength: number
    readonly contiguousLength: number
    readonly keyPair: Hypercore.KeyPair | null
    /** null: blocks are stored as they are. */
    readonly encryption: Hypercore.Encryption | null
    /** Bytes that encryption adds to a block. */
    readonly padding: number
    readonly fork: number
    readonly writable: boolean
    readonly opened: boolean
    readonly closing: boolean
    /** For every `get` of this session; 0: for ever. */
    timeout: number
    readonly peers: readonly Hypercore.Peer[]
    /** null before `ready`. The inside: the blocks on this device, loaded whole, and the channels to peers. */
    readonly core: {
      readonly key: Buffer
      readonly header: Hypercore.Inner['header']
      readonly discoveryKey: Buffer
      readonly state: Hypercore.State
      readonly bitfield: {
        get(index: number): boolean
        countSet(start: number, length: number): number
        /** -1: none. */
        firstSet(position: number): number
        /** -1: none. */
        firstUnset(position: number): number
      }
      readonly replicator: Hypercore.Replicator
      checkConflict: Hypercore.Inner['checkConflict']
      verifyReorg: Hypercore.Inner['verifyReorg']
      verify: Hypercore.Inner['verify']
      _verifyBatchUpgrade: Hypercore.Inner['_verifyBatchUpgrade']
    } | null
    /** Who may sign it; null: not known here yet. */
    readonly manifest: Hypercore.Manifest | null
    ready(): Promise<void>
    close(): Promise<void>
    session(): Hypercore<Block>
    /** Shows what stands here now, whatever becomes of the log. */
    snapshot(): Hypercore<Block>
    get(index: number, options?: Hypercore.GetOptions): Promise<Block | null>
    /** Waits that end with this session. */
    readonly activeRequests: unknown[]
    /** The block, and the place in it, where so many bytes have passed; null: it is not known here, and was not waited for. */
    seek(
      bytes: number,
      options?: { readonly start?: number; readonly end?: number; readonly timeout?: number },
    ): Promise<readonly [index: number, offset: number] | null>
    /** Takes off what encryption has put before a block. */
    _decode(encoding: null, block: Buffer, index: number): Buffer
    /** The inside: reads or asks for one block, and leaves it enciphered. */
    _get(index: number, options?: Hypercore.GetOptions): Promise<Buffer | null>
    has(start: number, end?: number): Promise<boolean>
    /** The block that holds this byte of the log, and where in it the byte is. null: not known here, and not to be waited for. */
    seek(bytes: number, options?: Hypercore.GetOptions): Promise<readonly [index: number, offset: number] | null>
    append(blocks: Block | readonly Block[]): Promise<{ length: number; byteLength: number }>
    update(options?: { readonly wait?: boolean; readonly force?: boolean }): Promise<boolean>
    download(range: Hypercore.Range): Hypercore.Download
    clear(start: number, end?: number): Promise<unknown>
    truncate(length: number, options?: { readonly fork?: number }): Promise<void>
    treeHash(length?: number): Promise<Buffer>
    findingPeers(): () => void
    replicate(isInitiator: boolean | Duplex): Duplex
  }
  export = Hypercore
}

declare module 'hypercore-storage' {
  class HypercoreStorage {
    constructor(
      directory: string,
      options?: {
        readonly writeBufferSize?: number
        readonly blobGarbageCollectionAgeCutOff?: number
        readonly treeCache?: { readonly maxSize: number }
      },
    )
    readonly db: { flush(): Promise<void> }
    compact(options: {
      readonly blobGarbageCollectionPolicy?: number
      readonly blobGarbageCollectionAgeCutoff?: number
      readonly bottommostLevelCompaction?: number
    }): Promise<void>
  }
  export = HypercoreStorage
}

declare module 'rache' {
  class Rache {
    constructor(options: { readonly maxSize: number })
  }
  export = Rache
}

declare module 'corestore' {
  import type { Duplex } from 'node:stream'
  import type Hypercore from 'hypercore'
  import type HypercoreStorage from 'hypercore-storage'

  type KeyPair = { readonly publicKey: Buffer; readonly secretKey: Buffer }
  class Corestore {
    constructor(
      storage: string | HypercoreStorage,
      options?: {
        readonly primaryKey?: Uint8Array
        readonly unsafe?: boolean
        readonly globalCache?: import('rache')
        /** It may have been copied, or opened by another store before. */
        readonly allowBackup?: boolean
      },
    )
    readonly storage: HypercoreStorage
    readonly primaryKey: Buffer
    ready(): Promise<void>
    close(): Promise<void>
    get(options: { readonly key?: Uint8Array; readonly name?: string; readonly active?: boolean }): Hypercore
    session(): Corestore
    namespace(name: string): Corestore
    createKeyPair(name: string): Promise<KeyPair>
    replicate(connection: unknown): Duplex
    /** Calls back with every log that is new to the process, before it is opened. */
    watch(listener: (core: Hypercore.Inner) => void): void
  }
  export = Corestore
}

declare module 'hyperdrive' {
  import type { EventEmitter } from 'node:events'
  import type { Readable } from 'node:stream'
  import type Corestore from 'corestore'
  import type Hyperbee from 'hyperbee'
  import type Hypercore from 'hypercore'
  import type Hyperblobs from 'hyperblobs'

  namespace Hyperdrive {
    type EntryValue = {
      readonly executable?: boolean
      readonly linkname?: string | null
      readonly blob?: Hyperblobs.Blob | null
      readonly metadata?: unknown
    }
    type Node = { readonly seq: number; readonly key: string; readonly value: EntryValue }
  }
  class Hyperdrive extends EventEmitter {
    constructor(
      store: Corestore,
      key?: Uint8Array | { readonly encryptionKey?: Uint8Array },
      options?: { readonly encryptionKey?: Uint8Array },
    )
    static getContentKey(manifest: unknown, key: Uint8Array): Buffer | null
    /** Of the log of content; null: it does not follow from that of the list. */
    static getContentManifest(manifest: unknown, key: Uint8Array): unknown
    readonly key: Buffer
    readonly discoveryKey: Buffer
    readonly core: Hypercore
    readonly db: Hyperbee
    readonly blobs: Hyperblobs | null
    readonly version: number
    readonly writable: boolean
    readonly closing: boolean
    /** Private upstream. Throws when the first block cannot be deciphered, and then the drive never opens. */
    _openBlobsFromHeader(options?: Hypercore.GetOptions): Promise<boolean>
    ready(): Promise<void>
    close(): Promise<void>
    getBlobs(): Promise<Hyperblobs>
    update(options?: { readonly wait?: boolean }): Promise<boolean>
    entry(path: string, options?: Hypercore.GetOptions): Promise<Hyperdrive.Node | null>
    entries(range: Hyperbee.Range): AsyncIterable<Hyperdrive.Node>
    checkout(version: number): Hyperdrive
    batch(): Hyperdrive
    flush(): Promise<void>
    putEntry(path: string, value: Hyperdrive.EntryValue): Promise<void>
    del(path: string): Promise<void>
    put(
      path: string,
      content: Uint8Array,
      options?: { readonly executable?: boolean; readonly metadata?: unknown },
    ): Promise<void>
    get(path: string, options?: Hypercore.GetOptions): Promise<Buffer | null>
    symlink(path: string, target: string): Promise<void>
    list(folder?: string): AsyncIterable<Hyperdrive.Node>
    diff(
      version: number,
      folder?: string,
    ): AsyncIterable<{ readonly left: Hyperdrive.Node | null; readonly right: Hyperdrive.Node | null }>
    getBlobsLength(version?: number): Promise<number>
    createReadStream(path: string, options?: Hyperblobs.ReadOptions): Readable
    createWriteStream(path: string): import('node:stream').Writable
    download(folder?: string): { done(): Promise<void>; destroy(): void }
    truncate(version: number): Promise<void>
    findingPeers(): () => void
  }
  export = Hyperdrive
}

declare module 'hyperbee' {
  import type Hypercore from 'hypercore'

  namespace Hyperbee {
    type Range = {
      readonly gt?: string
      readonly gte?: string
      readonly lt?: string
      readonly lte?: string
      readonly reverse?: boolean
      readonly limit?: number
    }
    type HistoryItem = {
      readonly type: 'put' | 'del'
      readonly seq: number
      readonly key: unknown
      readonly value: unknown
    }
    /** What follows is the inside of 2.27, on which `main/read/walk.ts`, `main/archives/tree-guard.ts`, `main/lib/list-weight.ts` and `main/history` lean. */
    type BlockEntry = {
      /** As it was read. */
      readonly entry: StoredNode
      readonly seq: number
      readonly key: Buffer
      readonly value: Buffer | null
      /** The nodes of the tree that were written with it, once they were inflated. */
      readonly index: { readonly levels: readonly Level[] } | null
      inflate(): void
      isDeletion(): boolean
    }
    /** A node as it is stored: its keys and children by the blocks that hold them. No children: it is a leaf. */
    type Level = {
      readonly keys: readonly { readonly seq: number }[]
      readonly children: readonly { readonly seq: number; readonly offset: number }[]
    }
    type TreeNode = {
      readonly keys: readonly unknown[]
      /** `value`: the node, once it was read. */
      readonly children: { value: TreeNode | null }[]
      getKeyNode(index: number): Promise<BlockEntry>
      getChildNode: (this: TreeNode, index: number) => Promise<TreeNode>
    }
    /** A block of a list, as all its readers share it. `index`: null once it was taken apart. */
    type StoredNode = { key: Buffer; value: Buffer | null; index: Buffer | null }
    type Cache = {
      readonly keys: { delete(seq: number): boolean }
      get(seq: number): StoredNode | null
    }
    type Batch = {
      readonly core: Hypercore
      readonly tree: { readonly _nodeCache: Cache | null }
      /** Blocks that were read, and those that are being written, of which there are `length`. */
      readonly blocks: Map<number, BlockEntry> | null
      readonly length: number
      _getNode: (this: Batch, seq: number) => Promise<StoredNode>
      _getBlock: (this: Batch, seq: number) => Promise<BlockEntry>
      getRoot: (this: Batch, ensureHeader: boolean) => Promise<TreeNode | null>
      getBlock(seq: number): Promise<BlockEntry>
      close(): Promise<void>
    }
    type BatchOptions = {
      readonly onwait?: (seq: number) => void
      readonly wait?: boolean
      readonly maxBlocksCached?: number
    }
    /** Where an iterator stands; `checkpoint` empty: at its beginning. */
    type IteratorState = {
      readonly version: number
      readonly gt: Buffer | null
      readonly gte: Buffer | null
      readonly lt: Buffer | null
      readonly lte: Buffer | null
      readonly limit: number
      readonly reverse: boolean
      readonly ended: boolean
      readonly checkpoint: readonly number[]
    }
  }
  class Hyperbee {
    readonly core: Hypercore
    /** Of a batch: see its source. */
    maxBlocksCached?: number
    readonly version: number
    /** Asks peers which blocks an iterator reads; they are fetched as soon as one answers. */
    readonly extension: {
      iterator(state: Hyperbee.IteratorState): void
      /** A peer names blocks that will be read. */
      oncache(said: { readonly blocks: readonly number[] }): void
    } | null
    batch(options?: Hyperbee.BatchOptions): Hyperbee.Batch
    getBySeq(seq: number): Promise<{ readonly key: unknown; readonly value: unknown } | null>
    createHistoryStream(options: {
      readonly gte?: number
      readonly lt?: number
      readonly reverse?: boolean
      readonly limit?: number
    }): AsyncIterable<Hyperbee.HistoryItem>
    close(): Promise<void>
  }
  export = Hyperbee
}

declare module 'hyperblobs' {
  import type { Readable } from 'node:stream'
  import type Hypercore from 'hypercore'

  namespace Hyperblobs {
    type Blob = {
      readonly blockOffset: number
      readonly blockLength: number
      readonly byteOffset: number
      readonly byteLength: number
      /** With `dedup`: the blob is a list of blocks elsewhere, and `byteLength` the size of that list. */
      readonly blockMap?: boolean
    }
    type ReadOptions = {
      readonly start?: number
      readonly length?: number
      readonly end?: number
      readonly wait?: boolean
      readonly timeout?: number
      readonly prefetch?: boolean
    }
  }
  class Hyperblobs {
    readonly core: Hypercore
    blockSize: number
    get(blob: Hyperblobs.Blob, options?: Hyperblobs.ReadOptions): Promise<Buffer | null>
    getByteLength(blob: Hyperblobs.Blob): Promise<number>
    /** Of a blob with a map. Waits for ever for blocks of the map that are not here. */
    getBlockMap(blob: Hyperblobs.Blob): Promise<{ readonly blocks: readonly { readonly index: number }[] } | null>
    createReadStream(blob: Hyperblobs.Blob, options?: Hyperblobs.ReadOptions): Readable
    clear(blob: Hyperblobs.Blob): Promise<unknown>
  }
  export = Hyperblobs
}

declare module 'hyperdht' {
  import type { EventEmitter } from 'node:events'

  namespace DHT {
    type KeyPair = { readonly publicKey: Buffer; readonly secretKey: Buffer }
    type RawStream = {
      readonly remoteHost: string
      readonly remotePort: number
      readonly bytesReceived: number
      readonly bytesTransmitted: number
      readonly rtt: number
      /** At which it comes and goes: shared by many, or of its own. null: it has ended. */
      readonly socket: Socket | null
      once(event: 'close', listener: () => void): unknown
    }
    type Connection = import('node:stream').Duplex & {
      readonly rawStream: RawStream | null
      readonly userData?: unknown
    }
    /** For short messages, beside the streams that share it. */
    type Socket = {
      send: (message: Uint8Array, ...to: readonly unknown[]) => Promise<boolean>
      trySend: (message: Uint8Array, ...to: readonly unknown[]) => void
    }
    type Address = { readonly host: string; readonly port: number }
    type Node = { readonly host: string; readonly port: number }
    /** A node as the DHT knows it: its id is the hash of its address. */
    type KnownNode = Node & { readonly id: Buffer }
    /** `from.id` null: it does not take part in the DHT, and only asks. `to`: how it sees this machine. */
    type Reply = {
      readonly from: { readonly id: Buffer | null } & Node
      readonly to: Node
      readonly error: number
      readonly token: Buffer | null
      readonly value: Buffer | null
      readonly closerNodes: readonly Node[] | null
    }
    type Found = { readonly publicKey: Buffer }
    type Answer = { readonly peers: readonly Found[] }
    type Query = AsyncIterable<Answer & { readonly from: Node }> & {
      readonly closestReplies: readonly { readonly from: Node }[]
      readonly destroyed: boolean
      once(event: 'close', listener: () => void): void
      /** Throws when nobody has answered, or taken what was to be stored. */
      finished(): Promise<void>
      destroy(): void
      /** What follows is the inside of dht-rpc 6.27, on which `main/network/{lookup,announces}.ts` lean. */
      /** How often a node that does not answer is asked again. */
      retries: number
      /** false: it was known already, or is not close enough. `teller` null: it stood in the own table. */
      _addPending(node: KnownNode, teller: Node | null): boolean
      _visit(node: KnownNode): void
      _onvisitbound: (reply: Reply, request: { readonly to: Node }) => void
      _onerrorbound: (error: Error, request: { readonly to: Node }) => void
      /** Asks a node to store. */
      _commit: ((reply: Reply, dht: DHT, query: Query) => Promise<Reply>) | null
    }
    type Traffic = { readonly active: number; readonly total: number }
    /** `onlyClosestNodes`: nobody but the nodes that are given is asked. */
    type QueryOptions = { readonly closestNodes?: readonly DHT.Node[]; readonly onlyClosestNodes?: boolean }
  }
  class DHT extends EventEmitter {
    /** Counts what passes its sockets, in bytes of UDP packets. */
    readonly udx: {
      readonly bytesReceived: number
      /** Of streams alone. */
      readonly bytesTransmitted: number
      createSocket: (options?: object) => DHT.Socket
    }
    constructor(options: {
      readonly bootstrap?: readonly (string | { readonly host: string; readonly port: number })[]
      readonly host?: string
      readonly port?: number
      readonly firewalled?: boolean
      readonly ephemeral?: boolean
      readonly keyPair?: DHT.KeyPair
      /** false: fails where the port is taken. */
      readonly anyPort?: boolean
      /** Of another node, which counts the traffic of both. */
      readonly udx?: DHT['udx']
    })
    static keyPair(seed?: Uint8Array): DHT.KeyPair
    /** A node that others begin with: it knows from the start under which address it is seen. */
    static bootstrapper(port: number, host: string, options?: { readonly host?: string }): DHT
    /** As others see this machine; null: too few of them have said so, or they do not agree. */
    readonly host: string | null
    /** 0: each of them sees another one. */
    readonly port: number
    /** Nobody gets in unasked, as far as is known. */
    readonly firewalled: boolean
    /** It asks and is not asked: its id is in nobody's table. */
    readonly ephemeral: boolean
    readonly destroyed: boolean
    readonly stats: {
      readonly queries: DHT.Traffic
      readonly requests: DHT.Traffic & { readonly responses: number; readonly timeouts: number }
    }
    /** By how many leading bits of their id nodes share with ours: the inside of dht-rpc 6.27. */
    readonly table: {
      readonly id: Buffer
      readonly rows: readonly ({ readonly nodes: readonly DHT.KnownNode[] } | undefined)[]
    }
    /** What it keeps for others; null: it does not take part yet. */
    readonly _persistent: {
      readonly records: {
        get(topic: string, most: number): readonly Buffer[]
        remove(topic: string, publicKey: Buffer): void
      }
    } | null
    /** How others see this machine: so many of them have said so. */
    readonly _nat: { readonly size: number }
    /** null before it is bound. */
    readonly io: {
      readonly clientSocket: DHT.Socket | null
      readonly serverSocket: (DHT.Socket & { address(): DHT.Node }) | null
    }
    /** Lets some nodes knock at the port that nothing was sent from, and with `true` notes only whether that gets in. */
    _updateNetworkState(onlyFirewall: boolean): Promise<boolean>
    readonly online: boolean
    readonly degraded: boolean
    readonly bootstrapped: boolean
    readonly nodes: { readonly length: number; toArray(): readonly unknown[] }
    readonly bootstrapNodes: readonly { readonly host: string; readonly port: number }[]
    /** Nodes that it knows; and one more, unless it is known already. */
    toArray(): readonly DHT.Node[]
    addNode(node: DHT.Node): void
    /** Replaced by `main/network/attempts.ts`, to see how attempts end. */
    connect(publicKey: Uint8Array, options?: object): DHT.Connection
    bind(): Promise<void>
    ready(): Promise<void>
    fullyBootstrapped(): Promise<void>
    lookup(topic: Uint8Array, options?: DHT.QueryOptions): DHT.Query
    announce(topic: Uint8Array, keyPair: DHT.KeyPair, relayAddresses: readonly DHT.Node[], options?: object): DHT.Query
    unannounce(topic: Uint8Array, keyPair: DHT.KeyPair, options?: object): Promise<void>
    /** Asks one node. Throws when it does not answer. */
    request(
      what: { readonly command: number; readonly target: Uint8Array; readonly value?: Uint8Array | null },
      node: DHT.Node,
      options?: { readonly retry?: boolean },
    ): Promise<DHT.Reply>
    destroy(options?: { readonly force?: boolean }): Promise<void>
    address(): { readonly host: string; readonly port: number } | null
  }
  export = DHT
}

/** The inside of 6.32.0: what a node answers who is asked for a topic. */
declare module 'hyperdht/lib/messages.js' {
  import type DHT from 'hyperdht'
  const messages: {
    readonly lookupRawReply: { decode(state: { buffer: Buffer; start: number; end: number }): DHT.Answer }
  }
  export default messages
}

declare module 'hyperdht/testnet.js' {
  import type DHT from 'hyperdht'
  const createTestnet: (
    size?: number,
    options?: { readonly host?: string; readonly port?: number },
  ) => Promise<{
    readonly bootstrap: readonly { readonly host: string; readonly port: number }[]
    readonly nodes: readonly DHT[]
    destroy(): Promise<void>
  }>
  export = createTestnet
}

declare module 'hyperswarm' {
  import type { EventEmitter } from 'node:events'
  import type { Duplex } from 'node:stream'
  import type DHT from 'hyperdht'

  namespace Hyperswarm {
    type Connection = Duplex & {
      readonly remotePublicKey: Buffer
      readonly isInitiator: boolean
      readonly rawStream: DHT.RawStream
      readonly rawBytesRead: number
      readonly rawBytesWritten: number
      readonly destroying: boolean
      /** Sends a sign of life when nothing else was sent for so many milliseconds. */
      setKeepAlive(milliseconds: number): void
      sendKeepAlive(): void
      /** Ends it when nothing has come for so many milliseconds. */
      setTimeout(milliseconds: number): void
    }
    /** The DHT's: those who come. */
    type Server = { close(): Promise<void> }
    type PeerInfo = {
      readonly publicKey: Buffer
      readonly client: boolean
      readonly topics: readonly Buffer[]
      readonly attempts: number
      /** Nobody is connected to it as long as it is so. */
      ban(banned: boolean): void
    }
    type Discovery = {
      flushed(): Promise<boolean>
      refresh(options?: { readonly client?: boolean; readonly server?: boolean }): Promise<boolean>
      destroy(): Promise<void>
      /** The inside: the nodes that a topic was announced at. */
      readonly discovery: { readonly _closestNodes: readonly DHT.Node[] | null }
    }
    /** What all of them share that joined one topic. */
    type PeerDiscovery = {
      refresh(): Promise<boolean>
      /** Where the next refresh begins to ask: the inside of 4.17. */
      _closestNodes: readonly DHT.Node[] | null
    }
  }
  class Hyperswarm extends EventEmitter {
    constructor(options: {
      readonly dht?: DHT
      readonly keyPair?: DHT.KeyPair
      readonly maxPeers?: number
      readonly maxParallel?: number
      /** true: the connection is declined. */
      readonly firewall?: (publicKey: Uint8Array) => boolean
    })
    readonly dht: DHT
    readonly keyPair: DHT.KeyPair
    readonly connections: ReadonlySet<Hyperswarm.Connection>
    readonly peers: ReadonlyMap<string, Hyperswarm.PeerInfo>
    readonly connecting: number
    readonly suspended: boolean
    maxPeers: number
    join(topic: Uint8Array, options?: { readonly server?: boolean; readonly client?: boolean }): Hyperswarm.Discovery
    /** null: it was not joined. */
    status(topic: Uint8Array): Hyperswarm.PeerDiscovery | null
    leave(topic: Uint8Array): Promise<void>
    listen(): Promise<void>
    flush(): Promise<boolean>
    /** Leaves all topics. */
    clear(): Promise<unknown>
    destroy(options?: { readonly force?: boolean }): Promise<void>
    /** The inside: who can be reached by their public key. */
    readonly server: Hyperswarm.Server
    /** The inside: connects to somebody who was found at a topic. */
    _handlePeer(peer: DHT.Found, topic: Buffer): void
    /** The inside. true: whoever comes is declined. `payload` null: it is asked before this machine goes there. */
    _handleFirewall(publicKey: Uint8Array, payload: unknown): boolean
    /** The inside: called when the network is another one, or answers again. */
    _handleNetworkChange(): Promise<void>
  }
  export = Hyperswarm
}

declare module '@hyperswarm/secret-stream' {
  import type { Duplex } from 'node:stream'
  import type DHT from 'hyperdht'

  class SecretStream extends Duplex {
    constructor(
      isInitiator: boolean,
      rawStream: import('node:net').Socket,
      options: { readonly pattern?: 'XX' | 'IK'; readonly keyPair: DHT.KeyPair; readonly remotePublicKey?: Buffer },
    )
    readonly isInitiator: boolean
    readonly publicKey: Buffer
    readonly remotePublicKey: Buffer
    /** false: it came to its end before. */
    readonly opened: Promise<boolean>
    readonly rawBytesRead: number
    readonly rawBytesWritten: number
    /** What it was made of. */
    readonly rawStream: import('node:net').Socket
    setKeepAlive(milliseconds: number): void
    /** Ends it when nothing has come for so many milliseconds. */
    setTimeout(milliseconds: number): void
  }
  export = SecretStream
}

declare module 'protomux' {
  import type { Duplex } from 'node:stream'

  namespace Protomux {
    type State = { buffer: Uint8Array | null; start: number; end: number }
    type Encoding<Message> = {
      preencode(state: State, message: Message): void
      encode(state: State, message: Message): void
      decode(state: State): Message
    }
    type Channel<Handshake> = {
      readonly messages: readonly { send(message: Buffer): boolean }[]
      /** Nothing waits to be sent. */
      readonly drained: boolean
      open(handshake: Handshake): void
      close(): void
    }
  }
  class Protomux {
    /** The one that the stream has, or a new one. */
    static from(stream: Duplex): Protomux
    static isProtomux(value: unknown): value is Protomux
    /** Channels that are open at this end. */
    [Symbol.iterator](): Iterator<{ readonly protocol: string }>
    /** Calls back when the other end opens a channel of this protocol that is not open here. */
    pair(what: { readonly protocol: string; readonly id?: Buffer }, notify: () => Promise<void>): void
    unpair(what: { readonly protocol: string; readonly id?: Buffer }): void
    /** null: there is one of this protocol already. */
    createChannel<Handshake>(options: {
      readonly protocol: string
      readonly id?: Buffer
      readonly handshake: Protomux.Encoding<Handshake>
      readonly messages: readonly { readonly onmessage: (message: Buffer) => void }[]
      readonly onopen: (handshake: Handshake) => void
      readonly onclose: () => void
    }): Protomux.Channel<Handshake> | null
  }
  export = Protomux
}

declare module 'mirror-drive' {
  class MirrorDrive {
    constructor(source: unknown, destination: unknown, options?: { readonly prune?: boolean; readonly batch?: boolean })
    done(): Promise<void>
  }
  export = MirrorDrive
}

declare module 'localdrive' {
  class Localdrive {
    constructor(root: string)
    ready(): Promise<void>
    close(): Promise<void>
  }
  export = Localdrive
}

declare module 'hypercore/lib/caps.js' {
  /** What is signed of a log. */
  export function treeSignable(manifestHash: Buffer, treeHash: Buffer, length: number, fork: number): Buffer
}

declare module 'hypercore/lib/verifier.js' {
  import type Hypercore from 'hypercore'

  /** A log of which a signature speaks. */
  type Signed = {
    readonly length: number
    readonly fork: number
    hash(): Buffer
    signable(manifestHash: Buffer): Buffer
  }
  class Verifier {
    readonly version: number
    readonly quorum: number
    readonly allowPatch: boolean
    constructor(key: Uint8Array, manifest: unknown)
    static isValidManifest(key: Uint8Array, manifest: unknown): boolean
    static isCompat(key: Uint8Array, manifest: unknown): boolean
    static encodeManifest(manifest: unknown): Buffer
    static decodeManifest(manifest: Uint8Array): unknown
    static createManifest(manifest: unknown): unknown
    static fromManifest(manifest: Hypercore.Manifest): Verifier
    /** The key of its log. */
    static manifestHash(manifest: Hypercore.Manifest): Buffer
    verify(signed: Signed, signature: Buffer): boolean
    assemble(
      inputs: readonly {
        readonly signer: number
        readonly signature: Buffer
        readonly patch: number
        readonly nodes: null
      }[],
    ): Buffer
  }
  export = Verifier
}

declare module 'hypercore-crypto' {
  /** A leaf of a log's tree: BLAKE2b-256 over a type, the size and the block. */
  export function data(block: Uint8Array): Buffer
  type Node = { readonly index: number; readonly size: number; readonly hash: Buffer }
  /** What stands above two nodes. */
  export function parent(left: Node, right: Node): Buffer
  /** What is signed of a tree. */
  export function tree(roots: readonly Node[]): Buffer
  /** BLAKE2b-256 over the parts, one after another. */
  export function hash(parts: readonly Uint8Array[]): Buffer
  export function randomBytes(length: number): Buffer
  /** So many hashes that nobody else uses. */
  export function namespace(name: string, count: number): readonly Buffer[]
}

declare module 'flat-tree' {
  type Iterator = { readonly index: number; readonly factor: number; sibling(): number; parent(): number }
  export function iterator(index: number): Iterator
  /** Of a tree whose leaves end before this one. */
  export function fullRoots(index: number): number[]
}

/** The inside of 11.37.1: how heads are proven and verified. */
declare module 'hypercore/lib/merkle-tree.js' {
  import type Hypercore from 'hypercore'

  /** What is needed of a log where nothing of it is read. */
  type Nothing = {
    readonly fork: 0
    readonly roots: readonly []
    readonly length: 0
    readonly byteLength: 0
    readonly signature: null
    readonly prologue: null
    readonly storage: null
  }
  type Verified = Hypercore.Tree & {
    readonly fork: number
    readonly signature: Buffer
    hash(): Buffer
    signable(manifestHash: Buffer): Buffer
  }
  class MerkleTree {
    static verifyFullyRemote(session: Hypercore.State | Nothing, proof: unknown): Verified
    static proof(
      session: Hypercore.State,
      reads: Hypercore.Reads,
      wanted: {
        readonly block: null
        readonly hash: null
        readonly seek: null
        readonly upgrade: { start: number; length: number }
      },
    ): Promise<{ settle(): Promise<Hypercore.Proof> }>
  }
  const lib: { readonly MerkleTree: typeof MerkleTree }
  export default lib
}

declare module 'hypercore/lib/multisig.js' {
  type Part = { readonly signer: number; readonly signature: Buffer; readonly patch: number }
  const lib: {
    inflate(signature: Uint8Array): {
      readonly proofs: readonly Part[]
      readonly patch: readonly { readonly index: number }[]
    }
    assemble(parts: readonly (Part & { readonly nodes: readonly { readonly index: number }[] })[]): Buffer
  }
  export default lib
}
