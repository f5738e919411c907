/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "dag-levels-private.h"
#include "dag-ring-private.h"

/* So many levels that are empty may be kept for the next time. */
#define EMPTY_LEVELS 8

/* The members of one priority. */
typedef struct {
  int       priority;
  DagMember members;  /* the head of a ring */
} DagLevel;

static int
dag_level_compare (gconstpointer a,
                   gconstpointer b,
                   gpointer      user_data)
{
  const DagLevel *level = a, *other = b;

  return (level->priority > other->priority) - (level->priority < other->priority);
}

DagLevels *
dag_levels_new (void)
{
  return g_tree_new_full (dag_level_compare, NULL, NULL, g_free);
}

void
dag_levels_free (DagLevels *self)
{
  g_tree_unref (self);
}

/*< private >
 * dag_levels_get_ring:
 *
 * Returns: (transfer none): the head of the ring of the members that have this priority
 */
DagMember *
dag_levels_get_ring (DagLevels *self,
                     int        priority)
{
  DagLevel key = { .priority = priority };
  DagLevel *level = g_tree_lookup (self, &key);

  if (level == NULL)
    {
      level = g_new (DagLevel, 1);
      level->priority = priority;
      member_ring_init (&level->members);
      g_tree_insert (self, level, level);
    }

  return &level->members;
}

/*< private >
 * dag_levels_get_first:
 *
 * Returns: (transfer none) (nullable): the member that is next
 */
DagMember *
dag_levels_get_first (DagLevels *self)
{
  GTreeNode *node = g_tree_node_first (self);

  while (node != NULL)
    {
      DagLevel *level = g_tree_node_value (node);

      if (!member_ring_is_empty (&level->members))
        return level->members.next;

      if (g_tree_nnodes (self) <= EMPTY_LEVELS)
        {
          node = g_tree_node_next (node);
        }
      else
        {
          g_tree_remove (self, level);
          node = g_tree_node_first (self);
        }
    }

  return NULL;
}

void
dag_levels_foreach (DagLevels  *self,
                    void      (*func) (DagMember *member))
{
  for (GTreeNode *node = g_tree_node_first (self); node != NULL; node = g_tree_node_next (node))
    {
      DagLevel *level = g_tree_node_value (node);

      for (DagMember *m = level->members.next; m != &level->members; m = m->next)
        func (m);
    }
}
