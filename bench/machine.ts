import { cpus, loadavg, totalmem } from "node:os";

/** Where and when figures were measured. */
export function machine() {
  const all = cpus();
  return {
    time: new Date().toISOString(),
    cpu: all[0]?.model ?? "unknown CPU",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    /** Of the last minute: above the number of cores, others were in the way. */
    load: loadavg()[0]!,
  };
}

export function machineLine(): string {
  const { cores, cpu, memoryGiB, node, load } = machine();
  return `${cores} x ${cpu}, ${memoryGiB} GiB, Node ${node}, load ${load.toFixed(1)} before`;
}
