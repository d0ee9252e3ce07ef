import { createRequire } from "node:module";
import { endianness } from "node:os";
import type * as Koffi from "koffi";

/**
 * System calls of Linux, as its manual pages (section 2) have them. Pointers are numbers: addresses in memory that is not moved
 * (`Memory`). Each gives -1 when it fails; `errno` says why.
 */
export interface Native {
  socket(family: number, type: number, protocol: number): number;
  bind(socket: number, address: number, length: number): number;
  getsockname(socket: number, address: number, length: number): number;
  setsockopt(socket: number, level: number, option: number, value: number, length: number): number;
  recvmmsg(socket: number, messages: number, count: number, flags: number, timeout: number): number;
  sendmmsg(socket: number, messages: number, count: number, flags: number): number;
  ppoll(descriptors: number, count: number, timeout: number, signals: number): number;
  eventfd(initial: number, flags: number): number;
  read(descriptor: number, buffer: number, octets: number): number;
  close(descriptor: number): number;
  madvise(address: number, octets: number, advice: number): number;
  /** In another thread; `done` has what it gives. */
  madviseAsync(address: number, octets: number, advice: number, done: (result: number) => void): void;
  /** Any system call by its number; what it does not take is left out as 0. */
  syscall(number: number, first: number, second: number, third: number, fourth: number): number;
  errno(): number;
  addressOf(memory: ArrayBuffer): number;
}

let loaded: Native | string | undefined;

/** Loads what calls into the C library, the first time; gives why it cannot be loaded here, as a text, where it cannot. */
export function loadNative(): Native | string {
  loaded ??= load();
  return loaded;
}

function load(): Native | string {
  if (process.platform !== "linux" || endianness() !== "LE" || !["x64", "arm64"].includes(process.arch)) return `not on ${process.platform} ${process.arch}`;
  try {
    return bindNative(createRequire(import.meta.url)("koffi") as typeof Koffi);
  } catch (error) {
    return (error as Error).message;
  }
}

function bindNative(koffi: typeof Koffi): Native {
  const library = koffi.load(null);
  const madvise = library.func("int madvise(uintptr_t, size_t, int)");
  return {
    socket: library.func("int socket(int, int, int)"),
    bind: library.func("int bind(int, uintptr_t, unsigned int)"),
    getsockname: library.func("int getsockname(int, uintptr_t, uintptr_t)"),
    setsockopt: library.func("int setsockopt(int, int, int, uintptr_t, unsigned int)"),
    recvmmsg: library.func("int recvmmsg(int, uintptr_t, unsigned int, int, uintptr_t)"),
    sendmmsg: library.func("int sendmmsg(int, uintptr_t, unsigned int, int)"),
    ppoll: library.func("int ppoll(uintptr_t, unsigned long, uintptr_t, uintptr_t)"),
    eventfd: library.func("int eventfd(unsigned int, int)"),
    read: library.func("long read(int, uintptr_t, size_t)"),
    close: library.func("int close(int)"),
    syscall: library.func("long syscall(long, uintptr_t, uintptr_t, uintptr_t, uintptr_t)"),
    madvise,
    madviseAsync: (address, octets, advice, done) => {
      madvise.async(address, octets, advice, (_: unknown, result: number) => { done(result); });
    },
    errno: () => koffi.errno(),
    addressOf: (memory) => Number(koffi.address(new Uint8Array(memory))),
  };
}
