/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Threads of the library's own, which run what may block. */
typedef void (*DagPoolFunc) (gpointer data);

void dag_pool_push           (DagPoolFunc func,
                              gpointer    data);
void dag_pool_begin_blocking (void);
void dag_pool_end_blocking   (void);

G_END_DECLS
