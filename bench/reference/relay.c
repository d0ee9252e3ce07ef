/*
 * Passes requests on to a server, and its replies to who asked: the way of a miss, with nothing done on it. A reply goes to whose request had
 * its nonce (docs/protocol.md section 4). Usage: relay PORT (of the server); prints its own port.
 */
#include "batch.h"
#include <poll.h>

#define WAITING 4096
#define NONCE_LOW 12

static struct sockaddr_in askers[WAITING];

static struct sockaddr_in *asker_of(int i) {
  unsigned int nonce;
  memcpy(&nonce, data[i] + NONCE_LOW, sizeof nonce);
  return &askers[ntohl(nonce) % WAITING];
}

/* Takes what has come on one socket, and sends it by the other: to the server, or (NULL) to who asked. */
static void pass(int from, int to, const struct sockaddr_in *server) {
  int count = receive_batch(from, MSG_DONTWAIT);
  for (int i = 0; i < count; i++) {
    if (server != NULL) *asker_of(i) = names[i];
    names[i] = server != NULL ? *server : *asker_of(i);
  }
  send_batch(to, count);
}

int main(int argc, char **argv) {
  int port, unused;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
  int askers_socket = open_socket(&port);
  int server_socket = open_socket(&unused);
  struct pollfd sockets[2] = {{.fd = askers_socket, .events = POLLIN}, {.fd = server_socket, .events = POLLIN}};
  print_port(port);
  prepare_batch();
  ask_for_short_slice();
  for (;;) {
    poll(sockets, 2, -1);
    if (sockets[0].revents & POLLIN) pass(askers_socket, server_socket, &server);
    if (sockets[1].revents & POLLIN) pass(server_socket, askers_socket, NULL);
  }
}
