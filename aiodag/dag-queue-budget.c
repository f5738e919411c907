/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-queue-private.h"
#include "dag-queue-struct-private.h"

/* How long a dispatch may last, and at which priority what is left over goes on. Any thread may set
 * them; the owning context reads them once in a dispatch.
 */

/*< private >
 * dag_queue_get_budget:
 *
 * Returns: after what time a dispatch ends, in µs
 */
guint
dag_queue_get_budget (DagQueue *self)
{
  return g_atomic_int_get (&self->budget);
}

/*< private >
 * dag_queue_set_budget:
 * @budget: in µs; 0 for a dispatch for each call of somebody's code
 *
 * Sets how long the dispatches from the next one on last.
 */
void
dag_queue_set_budget (DagQueue *self,
                      guint     budget)
{
  g_atomic_int_set (&self->budget, budget);
}

int
dag_queue_get_background_priority (DagQueue *self)
{
  return g_atomic_int_get (&self->background_priority);
}

void
dag_queue_set_background_priority (DagQueue *self,
                                   int       priority)
{
  g_atomic_int_set (&self->background_priority, priority);
}
