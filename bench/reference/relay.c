/*
 * Passes requests on to a server, and its replies to who asked: the way of a miss, with nothing done on it. A reply goes to whose request had
 * its nonce (docs/protocol.md section 4). Usage: relay PORT (of the server); prints its own port.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64
#define OCTETS 1408
#define WAITING 4096
#define NONCE_LOW 12

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_in names[BATCH];
static char data[BATCH][OCTETS];
static struct sockaddr_in askers[WAITING];

static int open_socket(struct sockaddr_in *address) {
  int octets = 4 << 20;
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  socklen_t length = sizeof *address;
  *address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  setsockopt(s, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
  setsockopt(s, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
  if (s < 0 || bind(s, (struct sockaddr *)address, length) < 0 || getsockname(s, (struct sockaddr *)address, &length) < 0) {
    perror("relay");
    exit(1);
  }
  return s;
}

static struct sockaddr_in *asker_of(int i) {
  unsigned int nonce;
  memcpy(&nonce, data[i] + NONCE_LOW, sizeof nonce);
  return &askers[ntohl(nonce) % WAITING];
}

/* Takes what has come on one socket, and sends it by the other. */
static void pass(int from, int to, const struct sockaddr_in *server) {
  for (int i = 0; i < BATCH; i++) {
    messages[i].msg_hdr.msg_namelen = sizeof names[i];
    vectors[i].iov_len = OCTETS;
  }
  int count = recvmmsg(from, messages, BATCH, MSG_DONTWAIT, NULL);
  for (int i = 0; i < count; i++) {
    vectors[i].iov_len = messages[i].msg_len;
    if (server != NULL) *asker_of(i) = names[i];
    names[i] = server != NULL ? *server : *asker_of(i);
  }
  for (int done = 0; done < count;) {
    int sent = sendmmsg(to, messages + done, count - done, 0);
    done += sent > 0 ? sent : 1;
  }
}

int main(int argc, char **argv) {
  struct sockaddr_in own, unused;
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK), .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0)};
  struct pollfd sockets[2] = {{.fd = open_socket(&own), .events = POLLIN}, {.fd = open_socket(&unused), .events = POLLIN}};
  printf("%d\n", ntohs(own.sin_port));
  fflush(stdout);
  for (int i = 0; i < BATCH; i++) {
    vectors[i].iov_base = data[i];
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &names[i];
  }
  for (;;) {
    poll(sockets, 2, -1);
    if (sockets[0].revents & POLLIN) pass(sockets[0].fd, sockets[1].fd, &server);
    if (sockets[1].revents & POLLIN) pass(sockets[1].fd, sockets[0].fd, NULL);
  }
}
