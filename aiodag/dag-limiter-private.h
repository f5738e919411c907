/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-limiter.h"

G_BEGIN_DECLS

/* What is between limiters and claims, all of it under one lock: a claim to several slots gets all
 * of them at once or none.
 */
struct _DagLimiter
{
  GObject parent_instance;

  /* Under the lock of all limiters */
  guint   limit;
  guint   n_used;     /* slots; those that run on another's slot use none */
  guint   n_running;  /* claims that were granted */
  guint   n_waiting;  /* claims that wait */
  GQueue  lines;      /* (element-type DagLine): those in which claims wait for it; none is owned */
};

void dag_limiter_lock   (void);
void dag_limiter_unlock (void);

G_END_DECLS
