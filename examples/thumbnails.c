/*
 * SPDX-FileCopyrightText: 2026 The aiodag authors
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/* Thumbnails of all images below a folder, made on all cores.
 *
 *   load a.png --- shrink a.png --+
 *   load b.jpg --- shrink b.jpg --+-- sum_up
 *   load c     --- shrink c     --+
 *
 * Reading waits for the disk, so it has a worker of its own with more threads than there are cores;
 * what computes is on the default worker. A file that is no image fails as a task, and nothing else
 * stops for it.
 *
 *   thumbnails [FOLDER]    without one it draws some images for itself
 */

#include <aiodag.h>
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <glib/gstdio.h>

#define SIZE      64
#define N_READERS 8

DAG_DEFINE_TASK_IN_THREAD (load, (const char *, path))
{
  GError *error = NULL;
  char *contents;
  gsize length;

  if (g_file_get_contents (path, &contents, &length, &error))
    dag_task_return_take_boxed (task, G_TYPE_BYTES, g_bytes_new_take (contents, length));
  else
    dag_task_return_error (task, error);
}

DAG_DEFINE_TASK_IN_THREAD (shrink, (GBytes *, bytes, G_TYPE_BYTES))
{
  g_autoptr (GInputStream) stream = g_memory_input_stream_new_from_bytes (bytes);
  GError *error = NULL;
  GdkPixbuf *thumbnail = gdk_pixbuf_new_from_stream_at_scale (stream, SIZE, SIZE, TRUE,
                                                              cancellable, &error);

  if (thumbnail != NULL)
    dag_task_return_take_object (task, thumbnail);
  else
    dag_task_return_error (task, error);
}

DAG_DEFINE_TASK (sum_up, (GPtrArray *, thumbnails, DAG_RAW))
{
  guint n_images = 0, n_pixels = 0;

  for (guint i = 0; i < thumbnails->len; i++)
    {
      const GValue *value = dag_task_get_value (thumbnails->pdata[i]);

      if (value != NULL)
        {
          GdkPixbuf *thumbnail = g_value_get_object (value);

          n_images++;
          n_pixels += gdk_pixbuf_get_width (thumbnail) * gdk_pixbuf_get_height (thumbnail);
        }
    }

  g_print ("%u files, %u images\n", thumbnails->len, n_images);
  g_print ("thumbnails of %u pixels in all\n", n_pixels);
  dag_task_return (task);
}

/* All files below a folder. */
static void
find_files (const char *folder,
            GPtrArray  *paths)
{
  g_autoptr (GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      if (g_file_test (path, G_FILE_TEST_IS_SYMLINK))
        continue;
      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        find_files (path, paths);
      else
        g_ptr_array_add (paths, g_steal_pointer (&path));
    }
}

/* Images that get wider, and a file that is none. */
static char *
draw_images (void)
{
  g_autoptr (GError) error = NULL;
  char *folder = g_dir_make_tmp ("thumbnails-XXXXXX", &error);
  g_autofree char *other = NULL;

  if (folder == NULL)
    g_error ("%s", error->message);

  for (guint i = 1; i <= 12; i++)
    {
      g_autoptr (GdkPixbuf) image = gdk_pixbuf_new (GDK_COLORSPACE_RGB, FALSE, 8, 80 * i, 320);
      g_autofree char *name = g_strdup_printf ("image-%02u.png", i);
      g_autofree char *path = g_build_filename (folder, name, NULL);

      gdk_pixbuf_fill (image, 0x102030ff * i);
      if (!gdk_pixbuf_save (image, path, "png", &error, NULL))
        g_error ("%s", error->message);
    }

  other = g_build_filename (folder, "notes.txt", NULL);
  g_file_set_contents (other, "This is no image.\n", -1, NULL);

  return folder;
}

int
main (int   argc,
      char *argv[])
{
  g_autofree char *drawn = argc > 1 ? NULL : draw_images ();
  g_autoptr (GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GPtrArray) thumbnails = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  DagWorker *readers = dag_worker_new ("readers", N_READERS);

  find_files (drawn != NULL ? drawn : argv[1], paths);

  for (guint i = 0; i < paths->len; i++)
    {
      const char *path = paths->pdata[i];
      DagTask *loading = dag_with (dag_call (load, path), "worker", readers, NULL);

      g_ptr_array_add (thumbnails, dag_call (shrink, loading));
    }
  g_object_unref (readers);

  dag_task_wait (dag_call (sum_up, thumbnails), NULL, &error);
  if (error != NULL)
    g_error ("%s", error->message);

  for (guint i = 0; drawn != NULL && i < paths->len; i++)
    g_unlink (paths->pdata[i]);
  if (drawn != NULL)
    g_rmdir (drawn);

  return 0;
}
