/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-queue-private.h"

G_BEGIN_DECLS

/* What becomes of a queue when its context is destroyed */

void dag_queue_init_end     (DagQueue *self);
void dag_queue_close        (DagQueue *self);
void dag_queue_find_drainer (DagQueue *self);

G_END_DECLS
