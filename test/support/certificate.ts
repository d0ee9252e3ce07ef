import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const CERTIFICATE_NAME = "primary.example";

/** A self-signed certificate for that name, and its key, as `certificate.pem` and `key.pem` in a directory. */
export function makeCertificate(directory: string): void {
  const files = ["-keyout", join(directory, "key.pem"), "-out", join(directory, "certificate.pem")];
  const subject = ["-subj", `/CN=${CERTIFICATE_NAME}`, "-addext", `subjectAltName=DNS:${CERTIFICATE_NAME}`];
  execFileSync("openssl", ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", ...files, ...subject], { stdio: "pipe" });
}

/** The pin of its public key, as RFC 7858 section 4.2 has it and `kdig +tls-pin` takes it. */
export function pinOf(directory: string): string {
  const key = execFileSync("openssl", ["x509", "-in", join(directory, "certificate.pem"), "-pubkey", "-noout"]);
  const der = execFileSync("openssl", ["pkey", "-pubin", "-outform", "der"], { input: key });
  return execFileSync("openssl", ["dgst", "-sha256", "-binary"], { input: der }).toString("base64");
}

/** The same key's certificate in times of its own, as `YYYYMMDDHHMMSSZ`: the text of a file beside it. */
export function certificateOf(directory: string, from: string, until: string): string {
  const [config, request, made] = ["ca.conf", "request.pem", "timed.pem"].map((name) => join(directory, name)) as [string, string, string];
  writeFileSync(join(directory, "index.txt"), "");
  writeFileSync(config, `[ca]\ndefault_ca = own\n[own]\ndatabase = ${join(directory, "index.txt")}\nnew_certs_dir = ${directory}\nrand_serial = yes\ndefault_md = sha256\npolicy = any\ncopy_extensions = copy\n[any]\ncommonName = supplied\n`);
  const key = join(directory, "key.pem");
  execFileSync("openssl", ["req", "-new", "-key", key, "-out", request, "-subj", `/CN=${CERTIFICATE_NAME}`, "-addext", `subjectAltName=DNS:${CERTIFICATE_NAME}`], { stdio: "pipe" });
  execFileSync("openssl", ["ca", "-batch", "-selfsign", "-notext", "-config", config, "-keyfile", key, "-in", request, "-out", made, "-startdate", from, "-enddate", until], { stdio: "pipe" });
  return readFileSync(made, "utf8");
}
