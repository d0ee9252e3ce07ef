/* Sends every datagram back, in batches: what the kernel can hand over, and take, on one core. Usage: echo; prints its port. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define BATCH 64
#define OCTETS 1408

int main(void) {
  static struct mmsghdr messages[BATCH];
  static struct iovec vectors[BATCH];
  static struct sockaddr_in names[BATCH];
  static char data[BATCH][OCTETS];
  int octets = 4 << 20;
  int s = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t length = sizeof address;
  setsockopt(s, SOL_SOCKET, SO_RCVBUF, &octets, sizeof octets);
  setsockopt(s, SOL_SOCKET, SO_SNDBUF, &octets, sizeof octets);
  if (s < 0 || bind(s, (struct sockaddr *)&address, length) < 0 || getsockname(s, (struct sockaddr *)&address, &length) < 0) {
    perror("echo");
    return 1;
  }
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (int i = 0; i < BATCH; i++) {
    vectors[i].iov_base = data[i];
    messages[i].msg_hdr.msg_iov = &vectors[i];
    messages[i].msg_hdr.msg_iovlen = 1;
    messages[i].msg_hdr.msg_name = &names[i];
  }
  for (;;) {
    for (int i = 0; i < BATCH; i++) {
      messages[i].msg_hdr.msg_namelen = sizeof names[i];
      vectors[i].iov_len = OCTETS;
    }
    int count = recvmmsg(s, messages, BATCH, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
    for (int done = 0; done < count;) {
      int sent = sendmmsg(s, messages + done, count - done, 0);
      done += sent > 0 ? sent : 1;
    }
  }
}
