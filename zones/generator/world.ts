/** Whose prefixes the MABs of the sample world are. Its registry, DSOCs and services are in zones/world.yaml. */

export interface Network {
  readonly asn: number;
  readonly name: string;
}

/** Networks whose prefixes are the MABs of one service set. */
export interface SetPlan {
  /** Below zones/mabs; world.yaml names it. */
  readonly mabFile: string;
  readonly services: readonly string[];
  readonly networks: readonly Network[];
  /** Documentation prefixes (RFC 5737, RFC 3849) that examples use. */
  readonly extra: readonly string[];
}

/** Research networks: their members have address space of their own, and change providers. */
export const SETS: readonly SetPlan[] = [
  {
    mabFile: "a1.txt",
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
    mabFile: "a1-a2.txt",
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
    mabFile: "a2.txt",
    services: ["s2.dsoc-a.example."],
    networks: [
      { asn: 1916, name: "RNP, Brazil" },
      { asn: 11340, name: "REUNA, Chile" },
      { asn: 2018, name: "TENET, South Africa" },
    ],
    extra: [],
  },
  {
    mabFile: "b1.txt",
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
    mabFile: "c1.txt",
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
