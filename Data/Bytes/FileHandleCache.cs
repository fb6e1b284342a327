using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Problems;

namespace Orleans.Tbptt.Data.Bytes;

/// <summary>
/// Reads any of many files, keeping the most recently read ones open: a data set may have more files than a process may have handles.
/// </summary>
/// <param name="paths">The files.</param>
/// <param name="capacity">How many of them stay open.</param>
internal sealed class FileHandleCache(IReadOnlyList<string> paths, int capacity = 32) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, LinkedListNode<OpenFile>> _open = [];
    private readonly LinkedList<OpenFile> _byUse = new();
    private bool _disposed;

    /// <summary>Fills <paramref name="destination"/> from file <paramref name="index"/>.</summary>
    /// <exception cref="IOException">The file is gone or has become shorter.</exception>
    public void Read(int index, long offset, Span<byte> destination)
    {
        OpenFile file = Lease(index);
        try
        {
            InputFile.ReadExactly(file.Handle, paths[index], offset, destination);
        }
        finally
        {
            Return(file);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _disposed = true;
            while (_byUse.First is { } node)
                Evict(node);
        }
    }

    private OpenFile Lease(int index)
    {
        lock (_lock)
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            if (_open.TryGetValue(index, out LinkedListNode<OpenFile>? node))
            {
                _byUse.Remove(node);
            }
            else
            {
                if (_open.Count >= capacity)
                    Evict(_byUse.First!);
                SafeFileHandle handle = File.OpenHandle(
                    paths[index], FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, FileOptions.RandomAccess);
                node = new(new(index, handle));
                _open.Add(index, node);
            }

            _byUse.AddLast(node);
            node.Value.Readers++;
            return node.Value;
        }
    }

    private void Return(OpenFile file)
    {
        lock (_lock)
        {
            if (--file.Readers == 0 && file.Evicted)
                file.Handle.Dispose();
        }
    }

    // The last reader closes an evicted file that is still being read.
    private void Evict(LinkedListNode<OpenFile> node)
    {
        _byUse.Remove(node);
        _open.Remove(node.Value.Index);
        node.Value.Evicted = true;
        if (node.Value.Readers == 0)
            node.Value.Handle.Dispose();
    }

    private sealed class OpenFile(int index, SafeFileHandle handle)
    {
        public int Index => index;

        public SafeFileHandle Handle => handle;

        public int Readers { get; set; }

        public bool Evicted { get; set; }
    }
}
