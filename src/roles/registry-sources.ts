import type { QsrConfig } from "../config/schema.ts";
import type { RegistryOptions, WalkTools } from "../dns/discovery/types.ts";
import { DnssecError, type TrustAnchor, parseTrustAnchor } from "../dns/dnssec/index.ts";
import type { NotifyZone } from "../dns/transfer/index.ts";
import { TsigKey, TsigKeyError, shownKeyName } from "../dns/tsig/index.ts";
import type { RegistryReader } from "../io/registry-reader.ts";
import { type TlsTrust, TlsTrustError, readCaFile } from "../io/tls-trust.ts";
import { FallbackReader, TransferReader } from "../io/transfer-reader.ts";
import type { Primary } from "../io/zone-transfer.ts";

/** A registry cannot be read as configured. The message names the key, and what to do. */
export class RegistrySourceError extends Error {
  override readonly name = "RegistrySourceError";
  readonly code = "DRTM_REGISTRY_SOURCE";
}

interface Source {
  readonly registry: RegistryOptions;
  readonly primaries: readonly Primary[];
  readonly anchors: readonly TrustAnchor[];
  readonly deadlineMs: number;
}

/**
 * How the registries of a configuration are read: by transfer where they have primaries, otherwise by query walk; either way
 * what their trust anchors do not vouch for is refused.
 */
export class RegistrySources {
  readonly #sources: readonly Source[];

  /** Throws RegistrySourceError, TsigKeyError, TlsTrustError, DnssecError. */
  constructor({ registries, keys, transferDeadlineSeconds }: QsrConfig["dns"]) {
    const known = new Map(keys.map(({ name, secret }) => [name, TsigKey.parse(name, secret)]));
    this.#sources = registries.map((registry) => {
      const primaries = registry.primaries.map(({ address: endpoint, key, tls }) => ({ ...endpoint, ...keyOf(registry.apex, key, known), ...(tls === undefined ? {} : { tls: trustOf(tls) }) }));
      const anchors = registry.trustAnchors.map((text) => parseTrustAnchor(text, registry.apex));
      const isVouchedFor = anchors.length > 0 || (primaries.length > 0 && primaries.every(isAuthenticated));
      return { registry: { apex: registry.apex, space: registry.space, anchors, isVouchedFor }, primaries, anchors, deadlineMs: transferDeadlineSeconds * 1000 };
    });
  }

  get registries(): RegistryOptions[] {
    return this.#sources.map(({ registry }) => registry);
  }

  /**
   * Where no primary gives it, or what they give is refused, a walk may still find it: of a registry with anchors, validated too. Of one
   * without, whose primaries have keys or TLS, a walk could be forged by whoever keeps us from them.
   */
  readerOf({ apex }: RegistryOptions, walk: RegistryReader, tools: Omit<WalkTools, "query">): RegistryReader {
    const source = this.#sources.find(({ registry }) => registry.apex === apex)!;
    if (source.primaries.length === 0) return walk;
    const transfer = new TransferReader(source, tools);
    const isUnsafeToWalk = source.anchors.length === 0 && source.primaries.some(isAuthenticated);
    return isUnsafeToWalk ? transfer : new FallbackReader(transfer, walk);
  }

  /** Who may say that a registry has changed: its primaries. */
  get notifyZones(): NotifyZone[] {
    return this.#sources.map(({ registry: { apex }, primaries }) => ({
      apex,
      sources: primaries.map(({ address }) => address),
      keys: primaries.flatMap(({ key }) => (key === undefined ? [] : [key])),
      areAllKeyed: primaries.every(({ key }) => key !== undefined),
    }));
  }
}

/** Reads keys, trust anchors and CA certificates as a QSR does at its start. Throws RegistrySourceError. */
export function checkRegistrySources(dns: QsrConfig["dns"]): void {
  try {
    void new RegistrySources(dns);
  } catch (error) {
    if (!(error instanceof TsigKeyError || error instanceof TlsTrustError || error instanceof DnssecError)) throw error;
    throw new RegistrySourceError(error.message, { cause: error });
  }
}

function isAuthenticated({ key, tls }: Primary): boolean {
  return key !== undefined || tls !== undefined;
}

/** With the certificates themselves in place of their file. */
function trustOf({ ca, ...tls }: { readonly name?: string | undefined; readonly ca?: string | undefined; readonly pins?: readonly string[] | undefined }): TlsTrust {
  return ca === undefined ? tls : { ...tls, ca: readCaFile(ca) };
}

function keyOf(apex: string, name: string | undefined, known: ReadonlyMap<string, TsigKey>): { key?: TsigKey } {
  if (name === undefined) return {};
  const key = known.get(name);
  if (key === undefined) throw new RegistrySourceError(`a primary of the registry ${apex} has the key ${shownKeyName(name)}, which is not among dns.keys: name one that is, or add it there`);
  return { key };
}
