/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-results.h"

G_BEGIN_DECLS

DagResults *dag_results_new    (guint       size);
void        dag_results_append (DagResults *self,
                                DagTask    *task);

G_END_DECLS
