using Microsoft.Win32.SafeHandles;
using Orleans.Tbptt.Data.Npy;
using Orleans.Tbptt.Data.Problems;
using Orleans.Tbptt.Data.Tables;
using PureHDF;
using PureHDF.VOL.Native;

namespace Orleans.Tbptt.Data.Hdf5;

/// <summary>
/// An HDF5 file: PureHDF reads groups, headers and the index of chunks; the elements are read here, in the file's own bytes.
/// </summary>
internal sealed class Hdf5File : ArrayContainer
{
    private const string Expected = "an HDF5 file that is whole";
    private const string Remedy = "copy or write the file again";
    private const int MostListed = 100;

    private readonly string _path;
    private readonly SafeFileHandle _handle;
    private readonly Hdf5Stream _stream;
    private readonly NativeFile _file;

    private Hdf5File(string path, SafeFileHandle handle)
    {
        (_path, _handle, _stream) = (path, handle, new(handle));
        _file = H5File.Open(_stream);
    }

    public override IReadOnlyList<string> Listed =>
        Guarded<IReadOnlyList<string>>("/", () => [.. DatasetsOf(_file, "", depth: 3).Take(MostListed)]);

    /// <summary>Opens a file.</summary>
    /// <exception cref="ArrayContainerException">It is none.</exception>
    public static Hdf5File Open(SafeFileHandle file, string path)
    {
        try
        {
            return new(path, file);
        }
        catch (Exception error)
        {
            file.Dispose();
            throw new ArrayContainerException($"no HDF5 file that can be read in {path} ({Line(error)})", Expected, Remedy);
        }
    }

    public override bool Has(string name) => Guarded(name, () => TryFind(name) is not null);

    public override NpyArray? TryOpen(string name, ProblemList problems) => Guarded(name, () => Open(TryFind(name)!, Full(name)));

    public override void Dispose()
    {
        _file.Dispose();
        _handle.Dispose();
    }

    private NpyArray Open(NativeObject found, string name)
    {
        if (found is not NativeDataset dataset)
            throw new ArrayContainerException($"{name}, which is no dataset", "a dataset", "name a dataset of it: GROUP/DATASET");
        if (!ReferenceEquals(Internals.Get<object>(dataset, "Context"), Internals.Get<object>(_file, "Context")))
            throw new ArrayContainerException($"{name}, which lies in another file", "a dataset of this file", "name that file");
        NpyType type = Hdf5Type.Of(Internals.Get<object>(dataset, "InternalDataType"), name);
        PackedValues.Refuse(dataset, _path, name);
        var space = dataset.Space;
        if (space.Type != H5DataspaceType.Simple || space.Dimensions.Length is 0 or > 3 || space.Dimensions.Contains(0ul))
        {
            throw new ArrayContainerException(
                $"{name} of shape [{string.Join(", ", space.Dimensions)}]", "one to three dimensions, and elements",
                space.Dimensions.Length > 3 ? "reshape the dataset" : "add data");
        }

        if (space.Dimensions.FirstOrDefault(size => size > int.MaxValue) is > 0 and var large)
            throw new ArrayContainerException($"{name} with a dimension of {large}", $"at most {int.MaxValue}", "reshape the dataset");
        var layout = new Hdf5Layout(dataset, _stream, name, type, [.. space.Dimensions.Select(size => (long)size)]);
        var (bytes, offset) = layout.Read(_handle, _path);
        return new NpyArray(name, bytes, new(type, layout.Shape, offset, IsColumnMajor: false));
    }

    // PureHDF follows a link that stands in its group's header without reading, so that a circle of them would overflow the stack.
    private NativeObject? TryFind(string name)
    {
        NativeGroup group = _file;
        string[] segments = name.Split('/', StringSplitOptions.RemoveEmptyEntries);
        for (int i = 0; i < segments.Length; i++)
        {
            if (LinksOf(group).FirstOrDefault(link => link.Name == segments[i]) is { Target: not null } soft)
            {
                throw new ArrayContainerException(
                    $"a link to {Wording.Quote(soft.Target)} at {Full(name)}", "a dataset of this file", "name its target in data.members");
            }

            if (!group.LinkExists(segments[i]))
                return null;
            NativeObject found = (NativeObject)group.Get(segments[i]);
            if (i == segments.Length - 1)
                return found;
            if (found is not NativeGroup next)
                return null;
            group = next;
        }

        return null;
    }

    /// <summary>The links in a group's header; none for a group that keeps them elsewhere.</summary>
    private static IEnumerable<(string Name, string? Target)> LinksOf(NativeGroup group)
    {
        if (Internals.GetOrNull(group, "Header") is not { } header)
            yield break;
        foreach (object message in Internals.Get<System.Collections.IEnumerable>(header, "HeaderMessages"))
        {
            object data = Internals.Get<object>(message, "Data");
            if (data.GetType().Name != "LinkMessage")
                continue;
            object info = Internals.Get<object>(data, "LinkInfo");
            yield return (Internals.Get<string>(data, "LinkName"), info.GetType().Name switch
            {
                "HardLinkInfo" => null,
                "SoftLinkInfo" => Internals.Get<string>(info, "Value"),
                _ => $"{Internals.Get<string>(info, "FilePath")}:{Internals.Get<string>(info, "FullObjectPath")}",
            });
        }
    }

    private static IEnumerable<string> DatasetsOf(NativeGroup group, string before, int depth)
    {
        (string Name, string? Target)[] links = [.. LinksOf(group)];
        IEnumerable<IH5Object> children = links.Length > 0
            ? links.Where(link => link.Target is null).Select(link => group.Get(link.Name)) : group.Children();
        foreach (IH5Object child in children)
        {
            if (child is NativeDataset)
            {
                yield return before + child.Name;
            }
            else if (child is NativeGroup inner && depth > 0)
            {
                foreach (string name in DatasetsOf(inner, $"{before}{child.Name}/", depth - 1))
                    yield return name;
            }
        }
    }

    private T Guarded<T>(string name, Func<T> read)
    {
        try
        {
            return read();
        }
        catch (Exception error) when (error is not (ArrayContainerException or TemporaryFileException))
        {
            throw new ArrayContainerException($"{Full(name)}, which cannot be read ({Line(error)})", Expected, Remedy);
        }
    }

    private string Full(string name) => $"{_path}[{name}]";

    private static string Line(Exception error) => (error.InnerException ?? error).Message.ReplaceLineEndings(" ");
}
