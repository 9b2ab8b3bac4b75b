import { dlopen, FFIType } from "bun:ffi";
import { readFileSync } from "node:fs";

/** `MADV_PAGEOUT` of Linux 5.4. Unlike the other advices that free memory, it never loses what a page holds. */
const pageOut = 21;

/**
 * Gives the pages of this program's code back to the system; what is needed again is read again. A start runs much that
 * serving never does, and around each page of it the system maps fifteen more. False where that cannot be asked for; where
 * the file belongs to another user, the system does nothing.
 */
export function pageOutCode(): boolean {
  try {
    const own = codeOf(process.execPath, readFileSync("/proc/self/maps", "utf8"));
    const { u64, i32 } = FFIType;
    const libc = dlopen("libc.so.6", { madvise: { args: [u64, u64, i32], returns: i32 } });
    const wasTaken = own.map(({ from, to }) => libc.symbols.madvise(from, to - from, pageOut) === 0);
    libc.close();
    return wasTaken.includes(true);
  } catch {
    return false; // no such file or library, or nothing may be called in it
  }
}

/** Where the code of `file` and what is constant in it lie in memory, as `/proc/self/maps` has it. */
export function codeOf(file: string, maps: string): readonly { readonly from: bigint; readonly to: bigint }[] {
  return maps.split("\n").flatMap((line) => {
    const [, from, to, name] = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ \d+ +(.+)$/.exec(line) ?? [];
    return name === file ? [{ from: BigInt(`0x${from}`), to: BigInt(`0x${to}`) }] : [];
  });
}
