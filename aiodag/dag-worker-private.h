/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-pool-private.h"
#include "dag-worker.h"

G_BEGIN_DECLS

DagPool *dag_worker_get_pool (DagWorker *self);

G_END_DECLS
