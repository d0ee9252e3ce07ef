/** What the sample world consists of: invented operators at real places, with real networks as their customers. */

export interface SitePlan {
  readonly label: string;
  readonly city: string;
  readonly region: string;
  /** Degrees and metres. */
  readonly latitude: number;
  readonly longitude: number;
  readonly altitude: number;
}

export interface ServicePlan {
  readonly label: string;
  /** Tier (SvcPriority) and the labels of its sites. */
  readonly tiers: readonly { readonly tier: number; readonly sites: readonly string[] }[];
}

export interface DsocPlan {
  readonly apex: string;
  readonly mappingFile: string;
  readonly title: string;
  /** Its sites are 127.0.N.1, 127.0.N.2, ... */
  readonly loopback: number;
  readonly sites: readonly SitePlan[];
  readonly services: readonly ServicePlan[];
}

export interface Network {
  readonly asn: number;
  readonly name: string;
}

/** Networks whose prefixes are the MABs of one service set. */
export interface SetPlan {
  readonly services: readonly string[];
  readonly networks: readonly Network[];
  /** Documentation prefixes (RFC 5737, RFC 3849) that examples use. */
  readonly extra: readonly string[];
}

export const REGISTRY_APEX = "drtm.example.";
/** YYYYMMDDnn of the last change to this world. */
export const SERIAL = 2026112400;

function site(label: string, city: string, region: string, latitude: number, longitude: number, altitude: number): SitePlan {
  return { label, city, region, latitude, longitude, altitude };
}

export const DSOCS: readonly DsocPlan[] = [
  {
    apex: "dsoc-a.example.",
    mappingFile: "dsoc-a.txt",
    title: "DSOC A: worldwide, two services with sites of their own",
    loopback: 1,
    sites: [
      site("fra1", "Frankfurt", "eu-fra", 50.12, 8.74, 112),
      site("lon1", "London", "eu-lon", 51.51, 0, 11),
      site("nyc1", "New York", "na-nyc", 40.72, -74, 10),
      site("sjc1", "San Jose", "na-sjc", 37.24, -121.78, 25),
      site("sin1", "Singapore", "as-sin", 1.3, 103.79, 15),
      site("tyo1", "Tokyo", "as-tyo", 35.69, 139.69, 40),
      site("sao1", "Sao Paulo", "sa-sao", -23.55, -46.63, 760),
      site("jnb1", "Johannesburg", "af-jnb", -26.2, 28.05, 1750),
    ],
    services: [
      { label: "s1", tiers: [{ tier: 10, sites: ["fra1", "lon1", "nyc1", "sjc1", "sin1", "tyo1"] }] },
      { label: "s2", tiers: [{ tier: 10, sites: ["fra1", "nyc1", "sin1", "sao1", "jnb1"] }] },
    ],
  },
  {
    apex: "dsoc-b.example.",
    mappingFile: "dsoc-b.txt",
    title: "DSOC B: Europe, with a second tier overseas",
    loopback: 2,
    sites: [
      site("fra2", "Frankfurt", "eu-fra", 50.1, 8.63, 105),
      site("ams2", "Amsterdam", "eu-ams", 52.3, 4.94, -2),
      site("mad2", "Madrid", "eu-mad", 40.44, -3.62, 690),
      site("waw2", "Warsaw", "eu-waw", 52.23, 21.01, 110),
      site("ath2", "Athens", "eu-ath", 37.98, 23.73, 90),
      site("iad2", "Ashburn", "na-iad", 39.04, -77.49, 95),
      site("sin2", "Singapore", "as-sin", 1.32, 103.69, 20),
    ],
    services: [
      {
        label: "s1",
        tiers: [
          { tier: 10, sites: ["fra2", "ams2", "mad2", "waw2", "ath2"] },
          { tier: 20, sites: ["iad2", "sin2"] },
        ],
      },
    ],
  },
  {
    apex: "dsoc-c.example.",
    mappingFile: "dsoc-c.txt",
    title: "DSOC C: Asia and the Pacific",
    loopback: 3,
    sites: [
      site("tyo3", "Tokyo", "as-tyo", 35.62, 139.74, 5),
      site("sel3", "Seoul", "as-sel", 37.52, 126.93, 38),
      site("hkg3", "Hong Kong", "as-hkg", 22.36, 114.12, 8),
      site("bom3", "Mumbai", "as-bom", 19.08, 72.88, 14),
      site("syd3", "Sydney", "oc-syd", -33.92, 151.19, 6),
      site("lax3", "Los Angeles", "na-lax", 34.05, -118.26, 87),
      site("fra3", "Frankfurt", "eu-fra", 50.11, 8.68, 112),
    ],
    services: [{ label: "s1", tiers: [{ tier: 10, sites: ["tyo3", "sel3", "hkg3", "bom3", "syd3", "lax3", "fra3"] }] }],
  },
];

/** Research networks: their members have address space of their own, and change providers. */
export const SETS: readonly SetPlan[] = [
  {
    services: ["s1.dsoc-a.example."],
    networks: [
      { asn: 680, name: "DFN, Germany" },
      { asn: 786, name: "Jisc, United Kingdom" },
      { asn: 1103, name: "SURF, Netherlands" },
      { asn: 559, name: "SWITCH, Switzerland" },
      { asn: 1653, name: "SUNET, Sweden" },
      { asn: 224, name: "Sikt, Norway" },
      { asn: 1741, name: "Funet, Finland" },
      { asn: 2603, name: "NORDUnet" },
      { asn: 513, name: "CERN" },
    ],
    extra: ["192.0.2.0/24", "2001:db8::/32"],
  },
  {
    services: ["s1.dsoc-a.example.", "s2.dsoc-a.example."],
    networks: [
      { asn: 237, name: "Merit, Michigan" },
      { asn: 11537, name: "Internet2, United States" },
      { asn: 1767, name: "I-Light, Indiana" },
      { asn: 3, name: "MIT" },
      { asn: 25, name: "UC Berkeley" },
      { asn: 17, name: "Purdue University" },
    ],
    extra: [],
  },
  {
    services: ["s2.dsoc-a.example."],
    networks: [
      { asn: 1916, name: "RNP, Brazil" },
      { asn: 11340, name: "REUNA, Chile" },
      { asn: 2018, name: "TENET, South Africa" },
    ],
    extra: [],
  },
  {
    services: ["s1.dsoc-b.example."],
    networks: [
      { asn: 2200, name: "Renater, France" },
      { asn: 137, name: "GARR, Italy" },
      { asn: 1930, name: "FCCN, Portugal" },
      { asn: 2614, name: "RoEduNet, Romania" },
      { asn: 8517, name: "ULAKNET, Turkey" },
      { asn: 5408, name: "GRNET, Greece" },
      { asn: 2611, name: "Belnet, Belgium" },
      { asn: 766, name: "RedIRIS, Spain" },
      { asn: 2107, name: "ARNES, Slovenia" },
      { asn: 2852, name: "CESNET, Czech Republic" },
      { asn: 1853, name: "ACOnet, Austria" },
      { asn: 1213, name: "HEAnet, Ireland" },
    ],
    extra: ["198.51.100.0/24"],
  },
  {
    services: ["s1.dsoc-c.example."],
    networks: [
      { asn: 2907, name: "SINET, Japan" },
      { asn: 4538, name: "CERNET, China" },
      { asn: 7575, name: "AARNet, Australia" },
      { asn: 1659, name: "TANet, Taiwan" },
      { asn: 17579, name: "KREONET, Korea" },
      { asn: 38022, name: "REANNZ, New Zealand" },
      { asn: 45773, name: "PERN, Pakistan" },
      { asn: 24514, name: "MYREN, Malaysia" },
      { asn: 2697, name: "ERNET, India" },
      { asn: 2500, name: "WIDE, Japan" },
    ],
    extra: [],
  },
];

/** Access providers: where the tunnels end. */
export const PROVIDERS: readonly Network[] = [
  { asn: 3320, name: "Deutsche Telekom" },
  { asn: 2856, name: "BT" },
  { asn: 3215, name: "Orange" },
  { asn: 3352, name: "Telefonica de Espana" },
  { asn: 3269, name: "TIM" },
  { asn: 1136, name: "KPN" },
  { asn: 7922, name: "Comcast" },
  { asn: 701, name: "Verizon" },
  { asn: 7018, name: "AT&T" },
  { asn: 4713, name: "NTT" },
  { asn: 2516, name: "KDDI" },
  { asn: 4766, name: "Korea Telecom" },
  { asn: 1221, name: "Telstra" },
  { asn: 9498, name: "Bharti Airtel" },
  { asn: 28573, name: "Claro" },
  { asn: 37457, name: "Telkom SA" },
];
