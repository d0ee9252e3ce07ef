/* Sends every datagram back, in batches: what the kernel can hand over, and take, on one core. Usage: echo; prints its port. */
#include "batch.h"

int main(void) {
  int port;
  int s = open_socket(&port);
  print_port(port);
  prepare_batch();
  ask_for_short_slice();
  for (;;) send_batch(s, receive_batch(s, MSG_WAITFORONE));
}
