import { type Socket, createSocket } from "node:dgram";
import { type IpAddress, formatIp } from "../address/index.ts";

/** A UDP socket that takes datagrams from one address and port only. Throws what the kernel says, as when there is no route. */
export async function connectUdp({ address, port }: { readonly address: IpAddress; readonly port: number }): Promise<Socket> {
  const socket = createSocket({ type: address.family === 4 ? "udp4" : "udp6" });
  try {
    await new Promise<void>((done, fail) => {
      socket.once("error", fail);
      // Node gives the failure of a connect to this callback, not to "error" (and its types do not say so).
      socket.connect(port, formatIp(address), (error?: Error) => {
        socket.off("error", fail);
        if (error) fail(error);
        else done();
      });
    });
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
