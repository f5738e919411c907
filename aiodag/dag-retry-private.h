/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-retry.h"

G_BEGIN_DECLS

gboolean dag_retry_makes_sense (DagRetry     *self,
                                DagTask      *task,
                                const GError *error);

G_END_DECLS
