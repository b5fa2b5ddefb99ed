/* The load client: many readers of one live stream in one process, each of which counts every delivery.

     load HOST PORT ws|sse PATH FROM [--header "Name: value"]… [--skip-first] [--in-flight N]

   FROM is the source address of the first 8,000 readers, the next one that of the next 8,000, and so on: each has
   28,000 local ports, and the kernel finds a free one quickly as long as few are taken. --skip-first: a reader has
   joined when its first message came, which is not an update (livefeed's `sync`). Compression is what the
   headers ask for. An update is known by the text `"text":"bench-<number>-` in it.

   Commands come as lines on standard input, answers go as lines to standard output:

     open N              -> joined N SECONDS      N more readers, in all
     expect FIRST COUNT  -> ready                 the next updates, at most 64
                         -> all NUMBER            each time that the last reader has an update
     report T…           -> {…}                   what came; T: when each was published (CLOCK_MONOTONIC, ns)
     stall N             -> stalled N             N readers stop reading, and are counted no more
     close               -> closed                every reader, by a reset (nothing stays in TIME_WAIT)

   Anything that must not happen ends the process after a line `error …`. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#ifdef WITH_ZLIB
#include <zlib.h>
#endif

#define MOST_READERS 20000
#define MOST_UPDATES 64
#define READERS_OF_A_SOURCE 8000
#define BUFFER (4 << 20)
#define SLOTS 1024

static const char MARK[] = "\"text\":\"bench-";

enum state { FREE, CONNECTING, ASKED, SYNCING, LIVE, STALLED };

struct reader {
  int fd;
  uint8_t state, chunked, gzip, began; /* began: the gzip header is behind us */
  uint32_t kept_len, event_len, segments;
  uint64_t seen; /* one bit for each expected update */
  char *kept;    /* bytes of an unfinished frame or chunk */
  char *event;   /* text of an unfinished event (when it comes in several chunks) */
};

/* What a message holds, found out once however many readers get it. */
struct digest {
  char *bytes;
  uint32_t len, count, *numbers;
  int compressed;
};

static struct reader readers[MOST_READERS];
static struct digest digests[SLOTS];
static int epoll, opened, wanted, in_flight, most_in_flight = 256, joined, active, skip_first, is_ws;
static struct sockaddr_in server, from;
static char request[8192], buffer[BUFFER], inflated[BUFFER];
static int64_t open_ns;

/* The updates that are expected, and what came. */
static uint32_t first, count, got[MOST_UPDATES];
static int64_t *stamps[MOST_UPDATES]; /* when each reader got it */
static int64_t fan_ns, fan_cpu_ns, cpu_at[MOST_UPDATES]; /* of the time from first to last reader */
static uint64_t bytes, reads, doubled, misordered, compressed_count;

static void fail(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  printf("error ");
  vprintf(format, arguments);
  printf("\n");
  exit(1);
}

static int64_t now_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void watch(struct reader *r, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = r};
  if (epoll_ctl(epoll, operation, r->fd, &event) < 0) fail("epoll_ctl: %s", strerror(errno));
}

/* Deliveries ------------------------------------------------------------------------------------- */

static void deliver(struct reader *r, uint32_t number, int64_t now) {
  uint32_t i = number - first;
  if (number < first || i >= count || r->seen >> i & 1) {
    doubled++;
    return;
  }
  if (r->seen >> i) misordered++; /* a later one came before */
  r->seen |= 1ULL << i;
  if (got[i] == 0) cpu_at[i] = now_ns(CLOCK_PROCESS_CPUTIME_ID);
  stamps[i][got[i]++] = now;
  if (got[i] == (uint32_t)active) {
    fan_ns += now - stamps[i][0];
    fan_cpu_ns += now_ns(CLOCK_PROCESS_CPUTIME_ID) - cpu_at[i];
    printf("all %u\n", number);
  }
}

/* A compressed message depends on nothing before it: no context takeover in a WebSocket, full-flushed blocks in
   gzip. Anything else cannot be read, and fails. */
static size_t inflate_one(const char *data, size_t len, int is_frame) {
#ifdef WITH_ZLIB
  static z_stream z;
  static int ready;
  if (!ready++ && inflateInit2(&z, -15) != Z_OK) fail("zlib");
  inflateReset(&z);
  z.next_out = (Bytef *)inflated, z.avail_out = BUFFER;
  z.next_in = (Bytef *)data, z.avail_in = len;
  int result = inflate(&z, Z_SYNC_FLUSH);
  if (is_frame && result == Z_OK) { /* RFC 7692, section 7.2.2 */
    z.next_in = (Bytef *)"\0\0\377\377", z.avail_in = 4;
    result = inflate(&z, Z_SYNC_FLUSH);
  }
  if ((result != Z_OK && result != Z_BUF_ERROR && result != Z_STREAM_END) || z.avail_in) fail("bad compression");
  return BUFFER - z.avail_out;
#else
  (void)data, (void)len, (void)is_frame;
  fail("compressed data, but built without zlib");
  return 0;
#endif
}

static struct digest *digest_of(const char *data, size_t len, int compressed) {
  uint64_t hash = len + compressed, word;
  for (size_t i = 0; i + 8 <= len; i += 8) {
    memcpy(&word, data + i, 8);
    hash = (hash ^ word) * 0x9E3779B97F4A7C15ULL;
    hash ^= hash >> 29;
  }
  struct digest *d = &digests[hash % SLOTS];
  if (d->bytes && d->len == len && d->compressed == compressed && !memcmp(d->bytes, data, len)) return d;
  free(d->bytes), free(d->numbers);
  d->bytes = memcpy(malloc(len + 1), data, len), d->len = len, d->compressed = compressed;
  d->count = 0, d->numbers = NULL;
  const char *text = data, *end;
  if (compressed) len = inflate_one(data, len, is_ws), text = inflated;
  for (end = text + len; (text = memmem(text, end - text, MARK, sizeof MARK - 1)); text++) {
    d->numbers = realloc(d->numbers, (d->count + 1) * sizeof *d->numbers);
    d->numbers[d->count++] = strtoul(text + sizeof MARK - 1, NULL, 10);
  }
  return d;
}

static void message(struct reader *r, const char *data, size_t len, int compressed, int64_t now) {
  if (r->state == SYNCING) {
    r->state = LIVE, joined++, in_flight--;
    return;
  }
  struct digest *d = digest_of(data, len, compressed);
  if (d->compressed) compressed_count += d->count;
  for (uint32_t i = 0; i < d->count; i++) deliver(r, d->numbers[i], now);
}

/* WebSocket and server-sent events: each returns how much of the data it has used ------------------- */

static size_t frames(struct reader *r, char *data, size_t len, int64_t now) {
  size_t used = 0;
  for (;;) {
    uint8_t *p = (uint8_t *)data + used;
    size_t left = len - used, head = 2, size;
    if (left < 2) return used;
    size = p[1] & 127;
    if (size == 126) head = 4;
    if (size == 127) head = 10;
    if (left < head) return used;
    if (head > 2) size = 0;
    for (size_t i = 2; i < head; i++) size = size << 8 | p[i];
    if (head + size > BUFFER) fail("a message of %zu bytes", size);
    if (left < head + size) return used;
    switch (p[0] & 15) {
    case 1:
    case 2:
      if (!(p[0] & 128)) fail("a fragmented message");
      message(r, (char *)p + head, size, p[0] >> 6 & 1, now);
      break;
    case 9: { /* ping: the answer is masked, here with zeros */
      char pong[6 + 125] = {(char)0x8A, (char)(0x80 | size)};
      memcpy(pong + 6, p + head, size);
      if (write(r->fd, pong, 6 + size) < 0) fail("pong: %s", strerror(errno));
      break;
    }
    case 8:
      fail("the server closed a reader, code %d", size >= 2 ? p[head] << 8 | p[head + 1] : 0);
    }
    used += head + size;
  }
}

static int ends_event(const char *data, size_t len) { return len >= 2 && !memcmp(data + len - 2, "\n\n", 2); }

static void chunk(struct reader *r, char *data, size_t len, int64_t now) {
  if (r->gzip) {
    if (!r->began) { /* RFC 1952: ten bytes, no extra field */
      if (len < 10 || data[3]) fail("an unusual gzip header");
      data += 10, len -= 10, r->began = 1;
    }
    if (len) message(r, data, len, 1, now);
    return;
  }
  if (!r->event_len && ends_event(data, len)) {
    message(r, data, len, 0, now);
    return;
  }
  r->event = realloc(r->event, r->event_len + len);
  memcpy(r->event + r->event_len, data, len);
  r->event_len += len;
  if (ends_event(r->event, r->event_len)) {
    message(r, r->event, r->event_len, 0, now);
    free(r->event);
    r->event = NULL, r->event_len = 0;
  }
}

static size_t events(struct reader *r, char *data, size_t len, int64_t now) {
  size_t used = 0;
  if (!r->chunked) {
    if (len) chunk(r, data, len, now);
    return len;
  }
  for (;;) {
    char *line = data + used, *end = memmem(line, len - used, "\r\n", 2), *stop;
    if (!end) return used;
    size_t size = strtoul(line, &stop, 16), head = end + 2 - line;
    if (stop == line) fail("a bad chunk");
    if (!size) fail("the server ended a reader's stream");
    if (len - used < head + size + 2) return used;
    chunk(r, line + head, size, now);
    used += head + size + 2;
  }
}

static size_t answer(struct reader *r, char *data, size_t len) {
  char *end = memmem(data, len, "\r\n\r\n", 4);
  if (!end) return 0;
  *end = 0;
  if (strncmp(data, is_ws ? "HTTP/1.1 101" : "HTTP/1.1 200", 12)) fail("the server says: %.*s", 60, data);
  r->chunked = strcasestr(data, "transfer-encoding: chunked") != NULL;
  r->gzip = strcasestr(data, "content-encoding: gzip") != NULL;
  if (skip_first)
    r->state = SYNCING;
  else
    r->state = LIVE, joined++, in_flight--;
  return end + 4 - data;
}

/* Connections ------------------------------------------------------------------------------------ */

static void readable(struct reader *r) {
  if (r->kept_len) memcpy(buffer, r->kept, r->kept_len);
  ssize_t n = read(r->fd, buffer + r->kept_len, BUFFER - r->kept_len);
  if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (n <= 0) fail("the server dropped a reader: %s", n ? strerror(errno) : "end of stream");
  int64_t now = now_ns(CLOCK_MONOTONIC);
  bytes += n, reads++;
  size_t len = r->kept_len + n, used = 0;
  if (r->state == ASKED) used = answer(r, buffer, len);
  if (r->state > ASKED) used += (is_ws ? frames : events)(r, buffer + used, len - used, now);
  if (r->kept_len != len - used) r->kept = realloc(r->kept, len - used ? len - used : 1);
  r->kept_len = len - used;
  memcpy(r->kept, buffer + used, r->kept_len);
}

static void writable(struct reader *r) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(r->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error) fail("connect: %s", strerror(error));
  if (write(r->fd, request, strlen(request)) != (ssize_t)strlen(request)) fail("request: %s", strerror(errno));
  r->state = ASKED;
  watch(r, EPOLL_CTL_MOD, EPOLLIN);
}

static void open_next(void) {
  struct reader *r = &readers[opened];
  struct sockaddr_in source = from;
  int on = 1;
  source.sin_addr.s_addr = htonl(ntohl(from.sin_addr.s_addr) + opened++ / READERS_OF_A_SOURCE);
  memset(r, 0, sizeof *r);
  r->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (r->fd < 0) fail("socket: %s", strerror(errno));
  setsockopt(r->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
  if (bind(r->fd, (struct sockaddr *)&source, sizeof source) < 0) fail("bind: %s", strerror(errno));
  if (connect(r->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS)
    fail("connect: %s", strerror(errno));
  r->state = CONNECTING;
  in_flight++;
  watch(r, EPOLL_CTL_ADD, EPOLLOUT);
}

static void go_on_opening(void) {
  while (opened < wanted && in_flight < most_in_flight) open_next();
  if (wanted && joined == wanted && open_ns) {
    printf("joined %d %.6f\n", joined, (now_ns(CLOCK_MONOTONIC) - open_ns) / 1e9);
    active = joined, open_ns = 0;
  }
}

static void close_all(void) {
  struct linger reset = {1, 0};
  for (int i = 0; i < opened; i++) {
    setsockopt(readers[i].fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(readers[i].fd);
    free(readers[i].kept), free(readers[i].event);
  }
  opened = wanted = joined = active = in_flight = 0;
}

/* Commands --------------------------------------------------------------------------------------- */

/* Data segments that came since the last call: on loopback, the server's writes to its readers. */
static uint64_t new_segments(void) {
  uint64_t sum = 0;
  for (int i = 0; i < opened; i++) {
    struct tcp_info info = {0};
    socklen_t size = sizeof info;
    if (readers[i].state != LIVE || getsockopt(readers[i].fd, IPPROTO_TCP, TCP_INFO, &info, &size) < 0) continue;
    sum += info.tcpi_data_segs_in - readers[i].segments;
    readers[i].segments = info.tcpi_data_segs_in;
  }
  return sum;
}

static void expect(uint32_t number, uint32_t how_many) {
  if (!how_many || how_many > MOST_UPDATES) fail("expect 1 to %d updates", MOST_UPDATES);
  first = number, count = how_many;
  for (uint32_t i = 0; i < count; i++) {
    stamps[i] = realloc(stamps[i], MOST_READERS * sizeof(int64_t));
    got[i] = 0;
  }
  for (int i = 0; i < opened; i++) readers[i].seen = 0;
  new_segments();
  bytes = reads = compressed_count = 0;
  fan_ns = fan_cpu_ns = 0;
  printf("ready\n");
}

static int by_size(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

static void report(char *times) {
  uint64_t deliveries = 0, n = 0;
  for (uint32_t i = 0; i < count; i++) deliveries += got[i];
  int64_t *took = malloc((deliveries + 1) * sizeof *took);
  printf("{\"readers\":%d,\"updates\":[", active);
  for (uint32_t i = 0; i < count; i++) {
    int64_t published = strtoll(times, &times, 10);
    for (uint32_t k = 0; k < got[i]; k++) took[n++] = stamps[i][k] - published;
    if (got[i]) /* stamps grow, so the first is the first reader's and the last the last reader's */
      printf("%s{\"first_ms\":%.3f,\"last_ms\":%.3f}", i ? "," : "", (stamps[i][0] - published) / 1e6,
             (stamps[i][got[i] - 1] - published) / 1e6);
    else
      printf("%snull", i ? "," : "");
  }
  qsort(took, n, sizeof *took, by_size);
  took[n] = 0;
  printf("],\"deliveries\":%lu,\"missing\":%ld,\"doubled\":%lu,\"misordered\":%lu,\"compressed\":%lu,\"bytes\":%lu,\"reads\":%lu,"
         "\"segments\":%lu,\"p50_ms\":%.3f,\"p99_ms\":%.3f,\"max_ms\":%.3f,\"fan_s\":%.6f,"
         "\"fan_cpu_s\":%.6f}\n",
         deliveries, (long)active * count - (long)deliveries, doubled, misordered, compressed_count, bytes, reads, new_segments(),
         took[n / 2] / 1e6, took[n ? n * 99 / 100 : 0] / 1e6, took[n ? n - 1 : 0] / 1e6, fan_ns / 1e9,
         fan_cpu_ns / 1e9);
  doubled = misordered = 0; /* not when the next ones are expected: what comes in between counts */
  free(took);
}

static void stall(int how_many) {
  int small = 4096;
  for (int i = 0; i < how_many && i < opened; i++) {
    epoll_ctl(epoll, EPOLL_CTL_DEL, readers[i].fd, NULL);
    setsockopt(readers[i].fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    readers[i].state = STALLED;
    active--;
  }
  printf("stalled %d\n", how_many);
}

static void command(char *line) {
  unsigned a, b;
  if (sscanf(line, "open %u", &a) == 1) {
    if ((wanted += a) > MOST_READERS) fail("at most %d readers", MOST_READERS);
    open_ns = now_ns(CLOCK_MONOTONIC);
  } else if (sscanf(line, "expect %u %u", &a, &b) == 2)
    expect(a, b);
  else if (!strncmp(line, "report", 6))
    report(line + 6);
  else if (sscanf(line, "stall %u", &a) == 1)
    stall(a);
  else if (!strcmp(line, "close")) {
    close_all();
    printf("closed\n");
  } else
    fail("no such command: %s", line);
}

static void commands(void) {
  static char lines[8192];
  static size_t len;
  ssize_t n = read(0, lines + len, sizeof lines - len);
  if (n <= 0) exit(0); /* whoever started us has gone */
  len += n;
  for (char *end; (end = memchr(lines, '\n', len));) {
    *end = 0;
    command(lines);
    len -= end + 1 - lines;
    memmove(lines, end + 1, len);
  }
}

int main(int argc, char **argv) {
  static struct epoll_event ready[512];
  char headers[4096] = "";
  if (argc < 6) fail("load HOST PORT ws|sse PATH FROM [--header H]… [--skip-first] [--in-flight N]");
  setvbuf(stdout, NULL, _IOLBF, 0);
  server = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  from = (struct sockaddr_in){.sin_family = AF_INET};
  if (!inet_aton(argv[1], &server.sin_addr) || !inet_aton(argv[5], &from.sin_addr)) fail("not an address");
  is_ws = !strcmp(argv[3], "ws");
  for (int i = 6; i < argc; i++) {
    if (!strcmp(argv[i], "--skip-first"))
      skip_first = 1;
    else if (!strcmp(argv[i], "--in-flight") && i + 1 < argc)
      most_in_flight = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--header") && i + 1 < argc)
      strcat(strcat(headers, argv[++i]), "\r\n");
    else
      fail("no such option: %s", argv[i]);
  }
  snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: %s:%s\r\n%s%s\r\n", argv[4], argv[1], argv[2],
           is_ws ? "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                   "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                 : "Accept: text/event-stream\r\n",
           headers);
  epoll = epoll_create1(0);
  struct epoll_event input = {.events = EPOLLIN};
  epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &input);
  for (;;) {
    int n = epoll_wait(epoll, ready, 512, -1);
    for (int i = 0; i < n; i++) {
      struct reader *r = ready[i].data.ptr;
      if (!r)
        commands();
      else if (r->state == CONNECTING)
        writable(r);
      else if (r->state != FREE && r->fd >= 0)
        readable(r);
      if (!r && !opened && !wanted) break; /* closed: the rest of the list is stale */
    }
    go_on_opening();
  }
}
