import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type Socket, connect } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Server, createServer } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { parseIp, parsePrefix } from "../../src/address/index.ts";
import { sha256hex } from "../../src/io/hash.ts";
import { TransferReader } from "../../src/io/transfer-reader.ts";
import type { Primary } from "../../src/io/zone-transfer.ts";
import { CERTIFICATE_NAME, makeCertificate } from "../support/certificate.ts";
import { ScriptedPrimary, gives } from "../support/hostile-primary.ts";
import { APEX, registry } from "../support/registry.ts";

const directory = mkdtempSync(join(tmpdir(), "drtm-order-"));
const ends: (() => void)[] = [];
let certificate: string;

beforeAll(() => {
  makeCertificate(directory);
  certificate = readFileSync(join(directory, "certificate.pem"), "utf8");
});

afterEach(() => {
  for (const end of ends.splice(0)) end();
});

afterAll(() => {
  rmSync(directory, { recursive: true });
});

function reader(primaries: readonly Primary[]): TransferReader {
  const made = new TransferReader({ registry: { apex: APEX, space: [parsePrefix("0.0.0.0/0")] }, primaries, anchors: [], deadlineMs: 5_000 }, { sha256hex });
  ends.push(() => { made.close(); });
  return made;
}

/** As it gives a zone with this serial. */
function at(serial: number): { readonly script: ReturnType<typeof gives>; readonly overUdp: ReturnType<typeof registry>[number] } {
  const records = registry(serial, [{ services: ["s1.dsoc-a.example."], prefixes: ["192.0.2.0/24"] }]);
  const whole = [...records, records[0]!];
  return { script: gives({ AXFR: whole, IXFR: whole }, 50), overUdp: records[0]! };
}

async function primaryAt(serial: number): Promise<ScriptedPrimary> {
  const { script, overUdp } = at(serial);
  const primary = await ScriptedPrimary.start(script, overUdp);
  ends.push(() => { primary.stop(); });
  return primary;
}

/** The same primary over TLS, behind a port of its own. */
async function overTls({ port }: ScriptedPrimary): Promise<Primary & { readonly server: Server }> {
  const server = createServer({ key: readFileSync(join(directory, "key.pem")), cert: certificate, ALPNProtocols: ["dot"] }, (socket) => {
    const behind: Socket = connect(port, "127.0.0.1");
    behind.on("error", () => undefined);
    socket.on("error", () => undefined);
    socket.pipe(behind).pipe(socket);
    socket.on("close", () => behind.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => { server.close(); });
  return { address: parseIp("127.0.0.1"), port: (server.address() as { port: number }).port, tls: { name: CERTIFICATE_NAME, ca: certificate }, server };
}

describe("of several primaries", () => {
  test("who is behind when nothing is known yet does not hold up who is not", async () => {
    const [first, second] = [await primaryAt(3), await primaryAt(7)];
    expect((await reader([first.primary, second.primary]).read(undefined)).serial).toBe(7);
  });

  test("the one with the newest zone is read, at a restart too", async () => {
    const primaries = [await primaryAt(5), await primaryAt(6), await primaryAt(8)];
    const before = await reader([primaries[0]!.primary]).read(undefined);
    expect((await reader(primaries.map(({ primary }) => primary)).read(before)).serial).toBe(8);
    expect(primaries[1]!.asked).toEqual(["SOA"]);
  });

  test("over TLS, none that stays as it was hides the news of another, and one that is down is told of", async () => {
    const [first, second] = [await primaryAt(5), await primaryAt(5)];
    const [a, b] = [await overTls(first), await overTls(second)];
    const transfers = reader([a, b]);
    const known = await transfers.read(undefined);
    Object.assign(second, at(6));
    const news = await transfers.read(known);
    expect(news.serial).toBe(6);
    b.server.close();
    Object.assign(first, at(6));
    expect((await transfers.read(news)).serial).toBe(6);
    expect(transfers.complaints).toEqual([expect.stringMatching(new RegExp(`^primary 127\\.0\\.0\\.1:${b.port} over TLS: .*ECONNREFUSED`))]);
    expect([first, second].flatMap(({ asked }) => asked)).not.toContain("SOA");
  });
});
