/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "dag-node-private.h"

G_BEGIN_DECLS

/*< private >
 * DagNodePredicate:
 *
 * Called under a lock, where it must not lock a node or come to anybody's code.
 */
typedef gboolean (*DagNodePredicate) (DagNode  *node,
                                      gpointer  user_data);

GPtrArray *dag_path_connect       (DagNode           *dependent,
                                   DagNode           *dependency,
                                   DagEdgeKind        kind,
                                   DagRule            rule,
                                   gboolean           raw,
                                   DagEdge          **edge);
gboolean   dag_path_find_upstream (DagNode           *node,
                                   DagNodePredicate   predicate,
                                   gpointer           user_data);

G_END_DECLS
