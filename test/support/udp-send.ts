import { createSocket } from "node:dgram";

/** Sends one datagram to a loopback port. */
export async function udpSend(port: number, bytes: Uint8Array): Promise<void> {
  const socket = createSocket("udp4");
  await new Promise<void>((done, fail) => {
    socket.send(bytes, port, "127.0.0.1", (error) => {
      if (error === null) done();
      else fail(error);
    });
  });
  socket.close();
}
