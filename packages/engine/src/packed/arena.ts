/** Blocks are multiples of this; addresses count in it. */
const grain = 16;
const chunkBytes = 1 << 20;
const grainsPerChunk = chunkBytes / grain;

/** Size of the block that holds so many bytes: within a sixteenth, so that blocks can be used again. */
function blockSize(bytes: number): number {
  const step = bytes <= 256 ? grain : Math.max(grain, 1 << (27 - Math.clz32(bytes - 1)));
  return Math.ceil(bytes / step) * step;
}

/**
 * Blocks of bytes outside the garbage collector's sight, by address. A block let go is used for the
 * next of its size. Address 0 is no block.
 */
export class Arena {
  readonly #chunks: Buffer[] = [];
  /** Next free byte of the newest chunk of ordinary size. */
  #free = chunkBytes;
  #current = -1;
  /** First free block by size; each free block begins with the address of the next. */
  readonly #freeBySize = new Map<number, number>();

  /** Bytes held for blocks, used or free. */
  get bytes(): number {
    return this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0);
  }

  /** The chunk a block lies in; valid for as long as the block is. */
  chunkOf(address: number): Buffer {
    const chunk = this.#chunks[Math.floor((address - 1) / grainsPerChunk)];
    if (chunk === undefined) throw new RangeError("no block has this address");
    return chunk;
  }

  /** Where in its chunk the block begins. */
  offsetOf(address: number): number {
    return ((address - 1) % grainsPerChunk) * grain;
  }

  /** Puts bytes where `address` (or 0) was; returns where they are now. */
  put(address: number, oldBytes: number, from: Buffer, start: number, end: number): number {
    const size = blockSize(end - start);
    let block = address;
    if (address === 0 || blockSize(oldBytes) !== size) {
      if (address !== 0) this.#release(address, blockSize(oldBytes));
      block = this.#take(size);
    }
    from.copy(this.chunkOf(block), this.offsetOf(block), start, end);
    return block;
  }

  #release(address: number, size: number): void {
    this.chunkOf(address).writeUInt32LE(this.#freeBySize.get(size) ?? 0, this.offsetOf(address));
    this.#freeBySize.set(size, address);
  }

  #take(size: number): number {
    const free = this.#freeBySize.get(size) ?? 0;
    if (free !== 0) {
      this.#freeBySize.set(size, this.chunkOf(free).readUInt32LE(this.offsetOf(free)));
      return free;
    }
    if (size > chunkBytes) {
      this.#chunks.push(Buffer.allocUnsafeSlow(size));
      return (this.#chunks.length - 1) * grainsPerChunk + 1;
    }
    if (this.#free + size > chunkBytes) {
      this.#current = this.#chunks.push(Buffer.allocUnsafeSlow(chunkBytes)) - 1;
      this.#free = 0;
    }
    const address = this.#current * grainsPerChunk + this.#free / grain + 1;
    this.#free += size;
    return address;
  }
}
