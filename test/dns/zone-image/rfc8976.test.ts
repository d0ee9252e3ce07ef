import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { RecordType, decodeZonemd, encodeName } from "../../../src/dns/records/index.ts";
import { parseZoneFile } from "../../../src/dns/zone-file/index.ts";
import { ZoneImage } from "../../../src/dns/zone-image/index.ts";

/** MX has no text form here: "MAIL1.example." and "Mail2.Example.", in the case that the example has. */
const MX_20 = "TYPE15 \\# 17 0014054d41494c31076578616d706c6500";
const MX_10 = "TYPE15 \\# 17 000a054d61696c32074578616d706c6500";

const HEAD = `example. 86400 IN SOA ns1 admin 2018031900 1800 900 604800 86400
  86400 IN NS ns1
  86400 IN NS ns2
`;

const ROOT_SERVERS = [
  ["a", "2001:503:ba3e::2:30", "198.41.0.4"],
  ["b", "2001:500:200::b", "199.9.14.201"],
  ["c", "2001:500:2::c", "192.33.4.12"],
  ["d", "2001:500:2d::d", "199.7.91.13"],
  ["e", "2001:500:a8::e", "192.203.230.10"],
  ["f", "2001:500:2f::f", "192.5.5.241"],
  ["g", "2001:500:12::d0d", "192.112.36.4"],
  ["h", "2001:500:1::53", "198.97.190.53"],
  ["i", "2001:7fe::53", "192.36.148.17"],
  ["j", "2001:503:c27::2:30", "192.58.128.30"],
  ["k", "2001:7fd::1", "193.0.14.129"],
  ["l", "2001:500:9f::42", "199.7.83.42"],
  ["m", "2001:dc3::35", "202.12.27.33"],
] as const;

/** RFC 8976 appendix A. What is out of the zone in A.2 is left out: a zone file that has it is refused. */
const EXAMPLES: readonly { readonly name: string; readonly apex: string; readonly zone: string; readonly fitting: number }[] = [
  {
    name: "A.1: simple",
    apex: "example.",
    fitting: 1,
    zone: `${HEAD}  86400 IN ZONEMD 2018031900 1 1 c68090d90a7aed716bc459f9340e3d7c1370d4d24b7e2fc3a1ddc0b9a87153b9a9713b3c9ae5cc27777f98b8e730044c
ns1 3600 IN A 203.0.113.63
ns2 3600 IN AAAA 2001:db8::63
`,
  },
  {
    name: "A.2: complex",
    apex: "example.",
    fitting: 1,
    zone: `${HEAD}  86400 IN ZONEMD 2018031900 1 1 a3b69bad980a3504e1cffcb0fd6397f93848071c93151f552ae2f6b1711d4bd2d8b39808226d7b9db71e34b72077f8fe
ns1 3600 IN A 203.0.113.63
NS2 3600 IN AAAA 2001:db8::63
occluded.sub 7200 IN TXT "I'm occluded but must be digested"
sub 7200 IN NS ns1
duplicate 300 IN TXT "I must be digested just once"
duplicate 300 IN TXT "I must be digested just once"
UPPERCASE 3600 IN TXT "canonicalize uppercase owner names"
* 777 IN PTR dont-forget-about-wildcards
mail 3600 IN ${MX_20}
mail 3600 IN ${MX_10}
sortme 3600 IN AAAA 2001:db8::5:61
sortme 3600 IN AAAA 2001:db8::3:62
sortme 3600 IN AAAA 2001:db8::4:63
sortme 3600 IN AAAA 2001:db8::1:65
sortme 3600 IN AAAA 2001:db8::2:64
non-apex 900 IN ZONEMD 2018031900 1 1 616c6c6f776564206275742069676e6f7265642e20616c6c6f776564206275742069676e6f7265642e20616c6c6f7765
`,
  },
  {
    name: "A.3: several digests",
    apex: "example.",
    fitting: 2,
    zone: `${HEAD}example. 86400 IN ZONEMD 2018031900 1 1 62e6cf51b02e54b9b5f967d547ce43136792901f9f88e637493daaf401c92c279dd10f0edb1c56f8080211f8480ee306
example. 86400 IN ZONEMD 2018031900 1 2 ( 08cfa1115c7b948c4163a901270395ea226a930cd2cbcf2fa9a5e6eb85f37c8a
  4e114d884e66f176eab121cb02db7d652e0cc4827e7a3204f166b47e5613fd27 )
example. 86400 IN ZONEMD 2018031900 1 240 e2d523f654b9422a96c5a8f44607bbee
example. 86400 IN ZONEMD 2018031900 241 1 e1846540e33a9e4189792d18d5d131f605fc283eaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa
ns1.example. 3600 IN A 203.0.113.63
ns2.example. 86400 IN TXT "This example has multiple digests"
NS2.EXAMPLE. 3600 IN AAAA 2001:db8::63
`,
  },
  {
    name: "A.5: root-servers.net",
    apex: "root-servers.net.",
    fitting: 1,
    zone: `$TTL 3600000
@ SOA a.root-servers.net. nstld.verisign-grs.com. 2018091100 14400 7200 1209600 3600000
@ ZONEMD 2018091100 1 1 f1ca0ccd91bd5573d9f431c00ee0101b2545c97602be0a978a3b11dbfc1c776d5b3e86ae3d973d6b5349ba7f04340f79
${ROOT_SERVERS.map(([letter, ipv6, ipv4]) => `@ NS ${letter}\n${letter} AAAA ${ipv6}\n${letter} A ${ipv4}\n`).join("")}
b TYPE15 \\# 16 0014${hexOf(encodeName("mail.isi.edu."))}
i TYPE15 \\# 25 000a${hexOf(encodeName("mx.i.root-servers.org."))}
`,
  },
];

test.each(EXAMPLES)("RFC 8976 appendix $name", ({ apex, zone, fitting }) => {
  const { records } = parseZoneFile(zone, { file: "rfc8976", origin: apex });
  const image = ZoneImage.of(apex, records);
  const digests = image.rrset(apex, RecordType.ZONEMD)!.records.map(({ data }) => decodeZonemd(data));
  const fit = digests.filter(({ hashAlgorithm, digest }) => hexOf(digest) === digestOf(image, hashAlgorithm === 2 ? "sha512" : "sha384"));
  expect(fit).toHaveLength(fitting);
});

function digestOf(image: ZoneImage, algorithm: string): string {
  const hash = createHash(algorithm);
  for (const octets of image.digestedOctets()) hash.update(octets);
  return hash.digest("hex");
}

function hexOf(octets: Uint8Array): string {
  return Buffer.from(octets).toString("hex");
}
