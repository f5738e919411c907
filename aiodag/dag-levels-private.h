/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-queue-private.h"

G_BEGIN_DECLS

/* Members that are ready, by priority, and of one priority in the order in which they came. */
typedef GTree DagLevels;

DagLevels *dag_levels_new       (void);
void       dag_levels_free      (DagLevels *self);
DagMember *dag_levels_get_ring  (DagLevels *self,
                                 int        priority);
DagMember *dag_levels_get_first (DagLevels *self);
void       dag_levels_foreach   (DagLevels *self,
                                 void     (*func) (DagMember *member));

G_END_DECLS
