/*
 * Runs a firmware (ELF or Intel HEX) as an ATmega328P at 16 MHz on simavr, in real time, with its USART behind a
 * pty: an emulator that shares nothing with the project's own, and a tty that any program can open.
 *
 *   simavr-pty FIRMWARE
 *   simavr-pty --boot LOADER.hex
 *
 * With --boot the chip has nothing but a boot loader, starts in it, and is reset whenever somebody opens the tty, as DTR
 * resets an Uno.
 *
 * stdout: the pty's path on the first line, then one line for each edge of D0-D19: "<pin> <level> <microseconds>"
 *   of the chip's time since it was started.
 * stdin: "pin <pin> <level>" drives an input pin, "analog <channel> <millivolts>" an analog input, "dump <path>" writes
 *   the program memory to a file and answers "dumped". Ends, like SIGTERM and SIGINT, when stdin closes, so that it never
 *   outlives the test that started it.
 *
 * An I2C device with 256 registers answers at 0x50: the first byte written chooses the register, which counts on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include <avr_adc.h>
#include <avr_extint.h>
#include <avr_ioport.h>
#include <avr_twi.h>
#include <avr_uart.h>
#include <sim_avr.h>
#include <sim_elf.h>
#include <sim_hex.h>
#include <sim_regbit.h>

enum {
  CLOCK_HZ = 16000000,
  CYCLES_PER_US = 16,
  PINS = 20,
  DEVICE_ADDRESS = 0x50,
  /* The control register of the ATmega328P's USART, and its bit that turns the receiver on. */
  UCSR0B = 0xc1,
  RXEN0 = 1 << 4,
  /* Longest time that the chip runs, or this process sleeps, at once: bounds what it adds to a byte's latency. */
  SLICE_US = 250,
  /* Time lost to a busy host beyond this is not made up for, lest the chip races. */
  LONGEST_LAG_US = 100000,
  /* From a reset to the first instruction, by the fuses of an Uno: what is sent until then is lost. */
  START_US = 65000,
};

static avr_t *avr;
static int pty_master, pty_slave;
/* Tells of those who open the tty; -1 where nobody asks. */
static int openings = -1;
static avr_irq_t *uart_input;
static bool uart_full;
static uint64_t deaf_until_us;
static volatile sig_atomic_t stopping;

static void on_signal(int signal) {
  (void)signal;
  stopping = 1;
}

static void log_to_stderr(avr_t *chip, const int level, const char *format, va_list args) {
  if (!chip || chip->log >= level) vfprintf(stderr, format, args);
}

static uint64_t now_us(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* The chip's sleep costs no time of ours: run_until() paces everything. */
static void do_not_sleep(avr_t *chip, avr_cycle_count_t cycles) {
  (void)chip;
  (void)cycles;
}

static void on_pin(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  static uint8_t levels[PINS];
  long pin = (long)param;
  uint8_t level = value & 1;
  if (levels[pin] == level) return;
  levels[pin] = level;
  printf("%ld %d %llu\n", pin, level, (unsigned long long)(avr->cycle / CYCLES_PER_US));
}

static void on_uart_output(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  (void)param;
  uint8_t byte = value;
  /* A full pty means that nobody reads; the bytes are lost, as on a real wire. */
  if (write(pty_master, &byte, 1) < 0 && errno != EAGAIN) stopping = 1;
}

static void on_uart_xon(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  (void)value;
  (void)param;
  uart_full = false;
}

static void on_uart_xoff(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  (void)value;
  (void)param;
  uart_full = true;
}

/*
 * Bytes wait in the pty, not here, so that its own limit holds a fast sender back; and until the receiver is on, for a
 * client may be there before the firmware.
 */
static void feed_uart(void) {
  uint8_t byte;
  if (now_us() < deaf_until_us) {
    while (read(pty_master, &byte, 1) == 1) continue;
    return;
  }
  if (!(avr->data[UCSR0B] & RXEN0)) return;
  while (!uart_full && read(pty_master, &byte, 1) == 1) avr_raise_irq(uart_input, byte);
}

/* Pins of the Uno: D0-D7 are PD0-PD7, D8-D13 PB0-PB5, D14-D19 PC0-PC5. */
static avr_irq_t *pin_irq(int pin) {
  char port = pin < 8 ? 'D' : pin < 14 ? 'B' : 'C';
  int bit = pin < 8 ? pin : pin < 14 ? pin - 8 : pin - 14;
  return avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), bit);
}

/* All of the program memory, also what is erased. */
static void dump(const char *path) {
  FILE *file = fopen(path, "wb");
  size_t size = avr->flashend + 1;
  if (!file || fwrite(avr->flash, 1, size, file) != size) perror(path);
  if (file) fclose(file);
  printf("dumped\n");
}

static void run_command(const char *line) {
  int which, value;
  if (!strncmp(line, "dump ", 5)) {
    dump(line + 5);
  } else if (sscanf(line, "pin %d %d", &which, &value) == 2 && which >= 0 && which < PINS) {
    avr_raise_irq(pin_irq(which), value != 0);
  } else if (sscanf(line, "analog %d %d", &which, &value) == 2 && which >= 0 && which < 8) {
    avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + which), value);
  } else {
    fprintf(stderr, "Cannot run a command: \"%s\" is no \"pin P L\", \"analog C MV\" or \"dump PATH\"\n", line);
  }
}

static void read_commands(void) {
  static char line[1024];
  static size_t length;
  char chunk[64];
  ssize_t count = read(STDIN_FILENO, chunk, sizeof chunk);
  if (count <= 0) stopping = 1;
  for (ssize_t i = 0; i < count; i++) {
    if (chunk[i] == '\n') {
      line[length] = 0;
      length = 0;
      run_command(line);
    } else if (length < sizeof line - 1) {
      line[length++] = chunk[i];
    }
  }
}

static void on_twi(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  static uint8_t registers[256], current;
  static bool chosen, first;
  avr_irq_t *answer = param;
  avr_twi_msg_irq_t message = {.u = {.v = value}};
  uint8_t address = message.u.twi.addr;
  if (message.u.twi.msg & TWI_COND_STOP) chosen = false;
  if (message.u.twi.msg & TWI_COND_START) {
    chosen = address >> 1 == DEVICE_ADDRESS;
    first = true;
    if (chosen) avr_raise_irq(answer, avr_twi_irq_msg(TWI_COND_ACK, address, 1));
  } else if (chosen && message.u.twi.msg & TWI_COND_WRITE) {
    if (first) {
      current = message.u.twi.data;
    } else {
      registers[current++] = message.u.twi.data;
    }
    first = false;
    avr_raise_irq(answer, avr_twi_irq_msg(TWI_COND_ACK, address, 1));
  } else if (chosen && message.u.twi.msg & TWI_COND_READ) {
    avr_raise_irq(answer, avr_twi_irq_msg(TWI_COND_READ, address, registers[current++]));
  }
}

/* Loads a HEX file. @return Where it begins, -1 where it cannot be read. */
static long load_hex(const char *path) {
  ihex_chunk_p chunks;
  int count = read_ihex_chunks(path, &chunks);
  if (count <= 0) return -1;
  long start = chunks[0].baseaddr;
  for (int i = 0; i < count; i++) avr_loadcode(avr, chunks[i].data, chunks[i].size, chunks[i].baseaddr);
  free_ihex_chunks(chunks);
  return start;
}

/* As the reset button does it: the boot loader runs only after an external reset, of which a flag tells. */
static void reset_chip(void) {
  tcflush(pty_slave, TCIOFLUSH);
  deaf_until_us = now_us() + START_US;
  avr_reset(avr);
  avr_regbit_set(avr, avr->reset_flags.extrf);
  uart_full = false;
}

static bool load_boot_loader(const char *path) {
  long start = load_hex(path);
  if (start < 0) return false;
  avr->reset_pc = start;
  return true;
}

static void reset_when_opened(void) {
  char events[4096];
  if (read(openings, events, sizeof events) > 0) reset_chip();
}

static bool load(const char *path) {
  const char *dot = strrchr(path, '.');
  if (dot && !strcmp(dot, ".hex")) return load_hex(path) >= 0;
  static elf_firmware_t firmware;
  if (elf_read_firmware(path, &firmware) != 0) return false;
  firmware.frequency = CLOCK_HZ;
  avr_load_firmware(avr, &firmware);
  return true;
}

static void attach_uart(void) {
  uint32_t flags = 0; /* neither lines on our stdout nor naps while the firmware polls */
  avr_ioctl(avr, AVR_IOCTL_UART_SET_FLAGS('0'), &flags);
  avr_irq_t *base = avr_io_getirq(avr, AVR_IOCTL_UART_GETIRQ('0'), 0);
  uart_input = base + UART_IRQ_INPUT;
  avr_irq_register_notify(base + UART_IRQ_OUTPUT, on_uart_output, NULL);
  avr_irq_register_notify(base + UART_IRQ_OUT_XON, on_uart_xon, NULL);
  avr_irq_register_notify(base + UART_IRQ_OUT_XOFF, on_uart_xoff, NULL);
}

static void make_chip(void) {
  avr = avr_make_mcu_by_name("atmega328p");
  avr_init(avr);
  avr->frequency = CLOCK_HZ;
  avr->vcc = avr->avcc = avr->aref = 5000;
  avr->log = LOG_ERROR;
  avr->sleep = do_not_sleep;
  /* simavr asks for a level interrupt again at every cycle while D2 or D3 is low, which costs most of its speed. */
  avr_extint_set_strict_lvl_trig(avr, 0, 0);
  avr_extint_set_strict_lvl_trig(avr, 1, 0);
  for (long pin = 0; pin < PINS; pin++) avr_irq_register_notify(pin_irq(pin), on_pin, (void *)pin);
  attach_uart();
  avr_irq_t *twi = avr_io_getirq(avr, AVR_IOCTL_TWI_GETIRQ(0), 0);
  avr_irq_register_notify(twi + TWI_IRQ_OUTPUT, on_twi, twi + TWI_IRQ_INPUT);
}

/* The slave side stays open here: a client may come and go without hanging up the line. */
static bool open_pty(bool is_watched) {
  char path[128];
  struct termios raw;
  memset(&raw, 0, sizeof raw);
  cfmakeraw(&raw);
  raw.c_cflag |= CREAD | CLOCAL;
  cfsetspeed(&raw, B57600);
  if (openpty(&pty_master, &pty_slave, path, &raw, NULL) != 0) return false;
  fcntl(pty_master, F_SETFL, O_NONBLOCK);
  if (is_watched) {
    openings = inotify_init1(IN_NONBLOCK);
    if (inotify_add_watch(openings, path, IN_OPEN) < 0) return false;
  }
  printf("%s\n", path);
  fflush(stdout);
  return true;
}

static bool run_until(uint64_t cycle) {
  while (avr->cycle < cycle) {
    int state = avr_run(avr);
    if (state == cpu_Done || state == cpu_Crashed) return false;
  }
  return true;
}

int main(int argc, char **argv) {
  bool has_boot_loader = argc == 3 && !strcmp(argv[1], "--boot");
  if (argc != 2 && !has_boot_loader) {
    fprintf(stderr, "usage: simavr-pty FIRMWARE.hex|FIRMWARE.elf, or simavr-pty --boot LOADER.hex\n");
    return 2;
  }
  const char *image = argv[argc - 1];
  avr_global_logger_set(log_to_stderr);
  signal(SIGTERM, on_signal);
  signal(SIGINT, on_signal);
  signal(SIGPIPE, SIG_IGN);
  make_chip();
  if (!(has_boot_loader ? load_boot_loader(image) : load(image))) {
    fprintf(stderr, "Cannot run %s: it is neither a HEX nor an ELF file\n", image);
    return 1;
  }
  if (!open_pty(has_boot_loader)) {
    perror("Cannot open a pty");
    return 1;
  }
  if (has_boot_loader) reset_chip();

  uint64_t start_us = now_us();
  while (!stopping) {
    uint64_t wall_us = now_us() - start_us;
    uint64_t chip_us = avr->cycle / CYCLES_PER_US;
    if (wall_us > chip_us + LONGEST_LAG_US) {
      start_us += wall_us - chip_us;
      wall_us = chip_us;
    }
    if (openings >= 0) reset_when_opened();
    feed_uart();
    uint64_t until_us = wall_us > chip_us + SLICE_US ? chip_us + SLICE_US : wall_us;
    if (!run_until(until_us * CYCLES_PER_US)) {
      fprintf(stderr, "The firmware stopped at pc 0x%04x\n", avr->pc);
      return 1;
    }
    if (fflush(stdout) != 0) break;
    bool caught_up = until_us == wall_us;
    struct pollfd files[2] = {
      {.fd = STDIN_FILENO, .events = POLLIN},
      {.fd = uart_full ? -1 : pty_master, .events = POLLIN},
    };
    struct timespec wait = {.tv_nsec = caught_up ? SLICE_US * 1000 : 0};
    if (ppoll(files, 2, &wait, NULL) > 0 && files[0].revents) read_commands();
  }
  return 0;
}
