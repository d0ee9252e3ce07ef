import { type Command, ExitStatus } from "./command.ts";

export const zoneCheck: Command = { name: "zone check", summary: "", help: "", run: async () => ExitStatus.answered };
