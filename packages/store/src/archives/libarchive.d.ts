/** What is used of libarchive.js. Its own types leave out the reader's connection to its worker, which says more than its methods. */
declare module 'libarchive.js/dist/libarchive-node.mjs' {
  /** A member as libarchive describes it. */
  export interface Member {
    readonly path: string;
    /** Bytes; negative where 32 bits do not hold them. */
    readonly size: number;
    /** FILE, DIR, SYMBOLIC_LINK, …; undefined for what libarchive gives no type. */
    readonly type?: string;
    readonly fileData?: Uint8Array;
  }

  interface Reader {
    readonly client: {
      listFiles(): Promise<Member[]>;
      extractFiles(): Promise<Member[]>;
    };
    hasEncryptedData(): Promise<boolean | null>;
  }

  export const Archive: { open(file: Blob): Promise<Reader> };
}
