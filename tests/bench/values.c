/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "bench.h"

/* What tasks hand on. */

char *
bench_string_new (guint32 value)
{
  char *string = g_malloc (9);

  for (guint i = 0; i < 8; i++)
    string[i] = "0123456789abcdef"[value >> (28 - 4 * i) & 0xf];
  string[8] = '\0';

  return string;
}

guint32
bench_string_get (const char *string)
{
  guint32 value = 0;

  for (; *string != '\0'; string++)
    value = value << 4 | (guint32) g_ascii_xdigit_value (*string);

  return value;
}

struct _BenchNumber
{
  GObject parent_instance;

  guint32 value;
};

G_DEFINE_FINAL_TYPE (BenchNumber, bench_number, G_TYPE_OBJECT)

static void
bench_number_class_init (BenchNumberClass *klass)
{
}

static void
bench_number_init (BenchNumber *self)
{
}

BenchNumber *
bench_number_new (guint32 value)
{
  BenchNumber *self = g_object_new (BENCH_TYPE_NUMBER, NULL);

  self->value = value;

  return self;
}

guint32
bench_number_get (BenchNumber *self)
{
  return self->value;
}
