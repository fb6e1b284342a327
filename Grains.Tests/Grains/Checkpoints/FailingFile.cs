namespace Orleans.Tbptt.Tests.Grains.Checkpoints;

/// <summary>A file that calls somebody before each write, who may throw.</summary>
internal sealed class FailingFile(string path, Action beforeWrite) : FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.Read,
    bufferSize: 1)
{
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        beforeWrite();
        base.Write(buffer);
    }
}
