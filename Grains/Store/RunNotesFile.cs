using Orleans.Tbptt.Runs;

namespace Orleans.Tbptt.Grains.Store;

/// <summary>Writes what users note about runs. Any silo may write it, whether the run trains or not.</summary>
public static class RunNotesFile
{
    private static readonly Lock Gate = new();

    /// <summary>Writes the notes of a run in one piece, as the next revision.</summary>
    /// <param name="run">The run.</param>
    /// <param name="notes">The notes, with the revision that the writer has read.</param>
    /// <param name="now">The notes that the file has now.</param>
    /// <returns>False when the file has another revision, because somebody else was faster; nothing was written.</returns>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The file must not be written.</exception>
    /// <exception cref="System.Text.Json.JsonException">The file is damaged.</exception>
    public static bool TryWrite(RunDirectory run, RunNotes notes, out RunNotes now)
    {
        // Users of one silo take turns. Of two silos' users who save within the same milliseconds the later one wins.
        lock (Gate)
        {
            now = RunNotes.Read(run);
            if (now.Revision != notes.Revision)
                return false;
            now = notes with { Revision = notes.Revision + 1 };
            DurableFile.WriteText(run.Notes, RunJson.Write(now), $".{Guid.NewGuid():N}.tmp");
            return true;
        }
    }
}
