import type { Native } from "./native.ts";

/** Numbers of system calls that the C library has no functions for (Linux: syscall_64.tbl of x86, asm-generic/unistd.h). */
const [SCHED_SETATTR, SCHED_GETATTR] = process.arch === "x64" ? [314, 315] : [274, 275];
/** struct sched_attr (sched_setattr(2)) as it was first, and where in it the policy is, and the slice in nanoseconds. */
const OCTETS = 48;
const POLICY = 4;
const SLICE = 24;
const SCHED_OTHER = 0;
const THIS_THREAD = 0;
/** The shortest that Linux gives. */
const SHORTEST = 100_000n;

/**
 * Asks Linux to let this thread compute in short slices (ADR 32). To a datagram that has come it then wakes at once, also while another thread
 * computes on the same core, such as those that compile for V8; that one would end its slice of 3 ms before. Gives the slice that it has now,
 * in nanoseconds; 0 where Linux gives none: before 6.12, where a sandbox forbids it, and where whoever started the process chose a policy.
 */
export function askForShortSlice(native: Native): number {
  const memory = new ArrayBuffer(OCTETS);
  const attributes = new DataView(memory);
  const address = native.addressOf(memory);
  const read = (): boolean => native.syscall(SCHED_GETATTR, THIS_THREAD, address, OCTETS, 0) === 0;
  if (!read() || attributes.getUint32(POLICY, true) !== SCHED_OTHER) return 0;
  attributes.setBigUint64(SLICE, SHORTEST, true);
  if (native.syscall(SCHED_SETATTR, THIS_THREAD, address, 0, 0) !== 0 || !read()) return 0;
  return Number(attributes.getBigUint64(SLICE, true));
}
