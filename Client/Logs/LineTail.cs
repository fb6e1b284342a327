using System.Text;

namespace Orleans.Tbptt.Client.Logs;

/// <summary>Reads a growing file line by line; each call returns the lines that were completed since the last one.</summary>
/// <param name="path">The file; it need not exist yet.</param>
internal sealed class LineTail(string path)
{
    private const int PieceBytes = 1 << 16;

    private long _position;

    /// <summary>The lines completed since the last call; a line without its end is still being written.</summary>
    public IEnumerable<string> Read()
    {
        if (!File.Exists(path))
            yield break;
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        stream.Position = _position;
        byte[] buffer = new byte[PieceBytes];
        int held = 0, read;
        while ((read = stream.Read(buffer, held, buffer.Length - held)) > 0)
        {
            int from = 0, end = held + read;
            for (int at; (at = Array.IndexOf(buffer, (byte)'\n', from, end - from)) >= 0; from = at + 1)
            {
                _position += at + 1 - from;
                yield return Encoding.UTF8.GetString(buffer, from, at - from);
            }

            held = end - from;
            Array.Copy(buffer, from, buffer, 0, held);
            if (held == buffer.Length)
                Array.Resize(ref buffer, 2 * held);
        }
    }
}
