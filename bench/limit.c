/* The limit: a WebSocket server that does nothing but a loop of non-blocking send() over its readers.

   Prints `port N`, then serves on one thread until its standard input ends. GET anything: 101 and a reader.
   POST /publish sends the body to every reader as one text frame, then answers 200. For the bench's own test, which
   must see what the load client finds: /publish-lose leaves the first reader out, /publish-double sends to it twice. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MOST 20100 /* descriptors */
#define REQUEST 65536

/* The accept key is that of the key in RFC 6455, section 1.3, which the load client sends. */
static const char SWITCH[] = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
static int readers[MOST], count, place[MOST]; /* place[fd]: where it stands in readers, plus one */
static int publisher = -1;
static char request[REQUEST];
static size_t length;

static void leave(int fd) {
  if (place[fd]) { /* the last one takes its place */
    readers[place[fd] - 1] = readers[--count];
    place[readers[count]] = place[fd];
    place[fd] = 0;
  }
  if (fd == publisher) publisher = -1, length = 0;
  close(fd);
}

static void publish(int fd, const char *body, size_t size, int lose, int twice) {
  static char frame[REQUEST + 4];
  size_t head = size < 126 ? 2 : 4;
  int stuck = 0;
  frame[0] = (char)0x81;
  frame[1] = (char)(size < 126 ? size : 126);
  frame[2] = (char)(size >> 8), frame[3] = (char)size;
  memcpy(frame + head, body, size);
  for (int i = lose; i < count; i++)
    stuck += send(readers[i], frame, head + size, MSG_DONTWAIT | MSG_NOSIGNAL) != (ssize_t)(head + size);
  if (twice && count) send(readers[0], frame, head + size, MSG_DONTWAIT | MSG_NOSIGNAL);
  const char *answer = stuck ? "HTTP/1.1 500 Stuck\r\nContent-Length: 0\r\n\r\n"
                             : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  if (write(fd, answer, strlen(answer)) < 0) leave(fd);
}

/* There is one publisher, whose requests may come in pieces. */
static void from_publisher(void) {
  char *end = memmem(request, length, "\r\n\r\n", 4), *line;
  if (!end) return;
  *end = 0;
  line = strcasestr(request, "content-length:");
  size_t head = end + 4 - request, size = line ? strtoul(line + 15, NULL, 10) : 0;
  if (head + size > REQUEST) exit(1);
  *end = '\r';
  if (length < head + size) return;
  publish(publisher, request + head, size, !strncmp(request, "POST /publish-lose", 18),
          !strncmp(request, "POST /publish-double", 20));
  length -= head + size;
  memmove(request, request + head + size, length);
}

static void readable(int fd) {
  char some[4096];
  if (fd == publisher) {
    ssize_t n = read(fd, request + length, REQUEST - length);
    if (n <= 0) return leave(fd);
    length += n;
    return from_publisher();
  }
  ssize_t n = read(fd, some, sizeof some);
  if (n <= 0) return leave(fd);
  if (place[fd]) return; /* readers have nothing to say */
  if (!strncmp(some, "POST", 4)) {
    publisher = fd;
    memcpy(request, some, n);
    length = n;
    return from_publisher();
  }
  if (write(fd, SWITCH, sizeof SWITCH - 1) < 0) return leave(fd);
  readers[count++] = fd;
  place[fd] = count;
}

int main(void) {
  static struct epoll_event ready[512];
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  socklen_t size = sizeof address;
  int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), on = 1, epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  if (bind(listener, (struct sockaddr *)&address, size) < 0 || listen(listener, 4096) < 0) return perror("listen"), 1;
  getsockname(listener, (struct sockaddr *)&address, &size);
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  event.data.fd = 0;
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &event);
  printf("port %d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (;;) {
    int n = epoll_wait(epoll, ready, 512, -1);
    for (int i = 0; i < n; i++) {
      int fd = ready[i].data.fd;
      if (fd == 0) return 0;
      if (fd != listener) {
        readable(fd);
        continue;
      }
      while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
        if (fd >= MOST) return fprintf(stderr, "too many readers\n"), 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        event.data.fd = fd;
        epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
      }
    }
  }
}
