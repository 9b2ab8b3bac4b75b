import { dlopen, FFIType } from "bun:ffi";
import { totalmem } from "node:os";

/** The part of Windows that jobs are made with. */
export function openKernel() {
  const { i32, ptr, u32, u64 } = FFIType;
  const handle = u64;
  return dlopen("kernel32.dll", {
    AssignProcessToJobObject: { args: [handle, handle], returns: i32 },
    CloseHandle: { args: [handle], returns: i32 },
    CreateJobObjectW: { args: [ptr, ptr], returns: handle },
    OpenProcess: { args: [u32, i32, u32], returns: handle },
    QueryInformationJobObject: { args: [handle, i32, ptr, u32, ptr], returns: i32 },
    SetInformationJobObject: { args: [handle, i32, ptr, u32], returns: i32 },
    TerminateJobObject: { args: [handle, u32], returns: i32 },
  }).symbols;
}
type Kernel = ReturnType<typeof openKernel>;

/**
 * A job object of Windows: what a process in it starts is in it too, and all of it is ended as one, at the latest when this
 * process is gone. What a program starts before it is added stays outside; that is the first moment of its life.
 */
export class WindowsJob implements Disposable {
  readonly #kernel: Kernel;
  readonly #job: bigint;
  /** False when the process ended before it was added, so that nothing is known of what it started. */
  #isHeld = false;

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
    this.#job = kernel.CreateJobObjectW(null, null);
    if (this.#job === noHandle) throw new Error("Windows makes no job object");
    const limits = extendedLimits();
    if (kernel.SetInformationJobObject(this.#job, extendedLimitInformation, limits, limits.byteLength) !== 0) return;
    kernel.CloseHandle(this.#job);
    throw new Error("Windows takes no limits for a job object");
  }

  add(pid: number): void {
    const found = this.#kernel.OpenProcess(mayBeAdded, 0, pid);
    if (found === noHandle) return;
    this.#isHeld = this.#kernel.AssignProcessToJobObject(this.#job, found) !== 0;
    this.#kernel.CloseHandle(found);
  }

  end(): void {
    this.#kernel.TerminateJobObject(this.#job, 1);
  }

  /** Waits until nothing is in it any more; false when that takes too long or cannot be known. */
  async isOver(mostMs: number): Promise<boolean> {
    const giveUpAt = performance.now() + mostMs;
    for (let pauseMs = 1; this.#countActive() > 0; pauseMs = Math.min(50, pauseMs * 2)) {
      if (performance.now() > giveUpAt) return false;
      await Bun.sleep(pauseMs);
    }
    return this.#isHeld;
  }

  [Symbol.dispose](): void {
    this.#kernel.CloseHandle(this.#job);
  }

  #countActive(): number {
    const info = new Uint32Array(12);
    this.#kernel.QueryInformationJobObject(this.#job, basicAccountingInformation, info, info.byteLength, null);
    return info[10] ?? 0; // ActiveProcesses
  }
}

const noHandle = 0n;
/** PROCESS_TERMINATE and PROCESS_SET_QUOTA */
const mayBeAdded = 0x0101;
const basicAccountingInformation = 1;
const extendedLimitInformation = 9;
const limitFlags = { activeProcess: 0x8, jobMemory: 0x200, killOnJobClose: 0x2000 } as const;
const mostProcesses = 512;

/** JOBOBJECT_EXTENDED_LIMIT_INFORMATION, as 64-bit Windows lays it out. */
function extendedLimits(): Uint8Array {
  const bytes = new Uint8Array(144);
  const info = new DataView(bytes.buffer);
  info.setUint32(16, limitFlags.activeProcess | limitFlags.jobMemory | limitFlags.killOnJobClose, true);
  info.setUint32(40, mostProcesses, true); // ActiveProcessLimit
  info.setBigUint64(120, BigInt(Math.floor(totalmem() / 2)), true); // JobMemoryLimit
  return bytes;
}
