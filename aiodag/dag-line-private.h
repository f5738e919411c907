/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-limiter-private.h"

G_BEGIN_DECLS

/* Those who wait for the same, by priority and then in order.
 *
 * What they wait for is a slot of each of some limiters, or where there is one to be had, that of
 * somebody who has one. So if the first of a line has to wait, all of it has to. When what they could
 * run on goes, lines that have become the same are put together, however long they are.
 */
typedef struct _DagLine DagLine;
typedef struct _DagPlace DagPlace;
typedef struct _DagSlot DagSlot;

/* The right to a slot of one limiter. */
struct _DagSlot
{
  DagLimiter *limiter;   /* (owned): const */

  /* Under the lock of all limiters */
  DagSlot    *lender;    /* (unowned) (nullable): whose slot this one is */
  DagSlot    *borrower;  /* (unowned) (nullable): who runs on this one */
  GQueue      lines;     /* (element-type DagLine): those that could; none is owned */
};

/* What a line waits for */
typedef struct {
  DagLimiter *limiter;     /* (unowned): const */
  DagSlot    *lender;      /* (unowned) (nullable): whose slot will do */
  GList       in_limiter;
  GList       in_lender;
} DagNeed;

/* A place in a line; under the lock of all limiters */
struct _DagPlace
{
  int       priority;
  guint64   order;
  DagLine  *line;    /* (owned) (nullable): or one that has become part of it */
  DagPlace *child;   /* a pairing heap: the first of those behind this one */
  DagPlace *next;
  DagPlace *prev;    /* the one before, or that whose first child it is */
};

void      dag_line_join          (DagPlace      *place,
                                  const DagNeed *needs,
                                  guint          n_needs);
void      dag_line_move          (DagPlace      *place,
                                  int            priority);
void      dag_line_leave         (DagPlace      *place);
void      dag_line_change        (DagPlace      *place,
                                  const DagNeed *needs,
                                  guint          n_needs);
DagPlace *dag_line_get_first     (DagLine       *self);
gboolean  dag_line_is_behind     (DagLine       *self,
                                  DagLine       *other);
gboolean  dag_line_may_pass      (DagLine       *self);
DagNeed  *dag_line_get_needs     (DagLine       *self);
void      dag_line_change_lender (DagLine       *self,
                                  DagSlot       *lender,
                                  DagSlot       *other);

gboolean  dag_needs_are_met      (const DagNeed *needs,
                                  guint          n_needs);

G_END_DECLS
