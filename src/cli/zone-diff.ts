import { type Command, ExitStatus } from "./command.ts";

export const zoneDiff: Command = { name: "zone diff", summary: "", help: "", run: async () => ExitStatus.answered };
