/* Batches of datagrams on sockets of 127.0.0.1, as all programs here have them. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BATCH 64
#define OCTETS 1408

static struct mmsghdr messages[BATCH];
static struct iovec vectors[BATCH];
static struct sockaddr_in names[BATCH];
static char data[BATCH][OCTETS];

static void prepare_batch(void) {
  for (int i = 0; i < BATCH; i++) {
    vectors[i].iov_base = data[i];
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &names[i];
  }
}

/* sched_setattr(2), for which the C library has neither a function nor this. */
struct scheduling {
  uint32_t size, policy;
  uint64_t flags;
  int32_t nice;
  uint32_t priority;
  uint64_t runtime, deadline, period;
};

/* Slices of 0.1 ms where Linux gives them, as an engine thread of DRTM asks for: to be woken as soon as it is. */
static void ask_for_short_slice(void) {
  struct scheduling attributes;
  if (syscall(SYS_sched_getattr, 0, &attributes, sizeof attributes, 0) < 0) return;
  attributes.runtime = 100000;
  syscall(SYS_sched_setattr, 0, &attributes, 0);
}

/* A socket with large buffers, on a free port, which is put into `port`. */
static int open_socket(int *port) {
  int octets = 4 << 20;
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  setsockopt(s, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
  setsockopt(s, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
  if (s < 0 || bind(s, (struct sockaddr *)&address, length) < 0 || getsockname(s, (struct sockaddr *)&address, &length) < 0) {
    perror("socket");
    exit(1);
  }
  *port = ntohs(address.sin_port);
  return s;
}

/* Takes what has come; gives how many datagrams, whose lengths and senders are in the batch. */
static int receive_batch(int s, int flags) {
  for (int i = 0; i < BATCH; i++) {
    messages[i].msg_hdr.msg_namelen = sizeof names[i];
    vectors[i].iov_len = OCTETS;
  }
  int count = recvmmsg(s, messages, BATCH, flags, NULL);
  for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
  return count;
}

/* Sends the first ones of the batch to those whose names they have; one that cannot be sent is given up. */
static void send_batch(int s, int count) {
  for (int done = 0; done < count;) {
    int sent = sendmmsg(s, messages + done, count - done, 0);
    done += sent > 0 ? sent : 1;
  }
}

static void print_port(int port) {
  printf("%d\n", port);
  fflush(stdout);
}
