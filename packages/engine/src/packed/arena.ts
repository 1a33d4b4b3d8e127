const chunkBytes = 1 << 20;
/** Before a block's bytes: whose it is, and how many they are. */
const headBytes = 8;

/**
 * Blocks of bytes outside the garbage collector's sight, by address, each with the number of its owner.
 * One that grew is added at the end; once too much lies waste, the chunk with the least in use is cleared.
 * Address 0 is no block.
 */
export class Arena {
  /** Blocks take multiples of this, a power of two; addresses count in it. */
  readonly #grain: number;
  /** Addresses within a chunk are so many bits. */
  readonly #bits: number;
  /** One part in so many may lie waste before a chunk is cleared. */
  readonly #wasteShare: number;
  readonly #chunks: Buffer[] = [];
  /** By chunk: bytes of blocks in use, and up to where it was filled. */
  readonly #used: number[] = [];
  readonly #filled: number[] = [];
  /** Chunks with nothing in use. */
  readonly #spare: number[] = [];
  #current = -1;
  #inUse = 0;
  #taken = 0;

  constructor(grain: number, wasteShare: number) {
    this.#grain = grain;
    this.#bits = Math.clz32(grain) - Math.clz32(chunkBytes);
    this.#wasteShare = wasteShare;
  }

  /** Bytes held for blocks, used or free. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** The chunk a block lies in; valid until the next `put` or `clear`. */
  chunkOf(address: number): Buffer {
    const chunk = this.#chunks[this.chunkNumber(address)];
    if (chunk === undefined) throw new RangeError("no block has this address");
    return chunk;
  }

  /** Where in its chunk the block's bytes begin. */
  offsetOf(address: number): number {
    return ((address - 1) & ((1 << this.#bits) - 1)) * this.#grain + headBytes;
  }

  lengthOf(address: number): number {
    return this.chunkOf(address).readUInt32LE(this.offsetOf(address) - 4);
  }

  /** Where the bytes are now. */
  put(owner: number, from: Buffer, start: number, end: number): number {
    const size = this.#blockBytes(end - start);
    const chunk = this.#roomFor(size);
    const at = this.#filled[chunk] ?? 0;
    const bytes = this.#chunks[chunk];
    if (bytes === undefined) throw new RangeError("there is no room for a block");
    bytes.writeUInt32LE(owner, at);
    bytes.writeUInt32LE(end - start, at + 4);
    from.copy(bytes, at + headBytes, start, end);
    this.#filled[chunk] = at + size;
    this.#used[chunk] = (this.#used[chunk] ?? 0) + size;
    this.#inUse += size;
    return this.#addressOf(chunk, at);
  }

  /** Puts the bytes where the owner's block is if it need not be larger or smaller; where they are now. */
  replace(address: number, owner: number, from: Buffer, start: number, end: number): number {
    if (address === 0) return this.put(owner, from, start, end);
    const chunk = this.chunkOf(address);
    const at = this.offsetOf(address);
    const before = chunk.readUInt32LE(at - 4);
    if (this.#blockBytes(before) === this.#blockBytes(end - start)) {
      chunk.writeUInt32LE(end - start, at - 4);
      from.copy(chunk, at, start, end);
      return address;
    }
    this.drop(address);
    return this.put(owner, from, start, end);
  }

  #blockBytes(bytes: number): number {
    return Math.ceil((headBytes + bytes) / this.#grain) * this.#grain;
  }

  /** The number of that chunk, counted as they were made. */
  chunkNumber(address: number): number {
    return (address - 1) >>> this.#bits;
  }

  #addressOf(chunk: number, at: number): number {
    return (chunk * chunkBytes + at) / this.#grain + 1;
  }

  /** Lets a block go. */
  drop(address: number): void {
    const chunk = this.chunkNumber(address);
    const size = this.#blockBytes(this.lengthOf(address));
    const used = (this.#used[chunk] ?? 0) - size;
    this.#used[chunk] = used;
    this.#inUse -= size;
    if (used === 0 && chunk !== this.#current) this.#empty(chunk);
  }

  /** True while so much lies waste that clearing a chunk pays. */
  get isWasteful(): boolean {
    const share = this.#wasteShare;
    return (this.#taken - this.#inUse) * share > this.#taken + share * chunkBytes;
  }

  /** Moves the blocks of the chunk with the least in use; `moves` says where each owner's block is, and is told. */
  clear(moves: { addressOf(owner: number): number; moved(owner: number, to: number): void }): void {
    const chunk = this.#emptiest();
    const bytes = this.#chunks[chunk];
    if (bytes === undefined) return;
    const end = this.#filled[chunk] ?? 0;
    for (let at = 0; at < end; ) {
      const owner = bytes.readUInt32LE(at);
      const length = bytes.readUInt32LE(at + 4);
      const address = this.#addressOf(chunk, at);
      if (moves.addressOf(owner) === address) {
        const from = at + headBytes;
        const to = this.put(owner, bytes, from, from + length);
        moves.moved(owner, to);
        this.drop(address);
      }
      at += this.#blockBytes(length);
    }
  }

  #emptiest(): number {
    let least = -1;
    for (let chunk = 0; chunk < this.#chunks.length; chunk += 1) {
      if (chunk === this.#current || (this.#filled[chunk] ?? 0) === 0) continue;
      if (least < 0 || (this.#used[chunk] ?? 0) < (this.#used[least] ?? 0)) least = chunk;
    }
    return least;
  }

  #empty(chunk: number): void {
    this.#filled[chunk] = 0;
    const { length } = this.#chunks[chunk] ?? Buffer.alloc(0);
    this.#taken -= length;
    // One made for a block too large for others is of no use to them.
    if (length > chunkBytes) this.#chunks[chunk] = Buffer.alloc(0);
    this.#spare.push(chunk);
  }

  /** The chunk in which so many bytes can be added. */
  #roomFor(size: number): number {
    const filled = this.#filled[this.#current] ?? chunkBytes;
    if (this.#current >= 0 && filled + size <= chunkBytes) return this.#current;
    const before = this.#current;
    const chunk = this.#spare.pop() ?? this.#chunks.length;
    const length = Math.max(chunkBytes, size);
    if (this.#chunks[chunk]?.length !== length)
      this.#chunks[chunk] = Buffer.allocUnsafeSlow(length);
    this.#filled[chunk] = 0;
    this.#used[chunk] = 0;
    this.#taken += length;
    if (size > chunkBytes) return chunk;
    this.#current = chunk;
    if (before >= 0 && this.#used[before] === 0) this.#empty(before);
    return chunk;
  }
}
