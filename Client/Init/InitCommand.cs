using System.Text;
using Orleans.Tbptt.Client.Drafts;
using Orleans.Tbptt.Client.Specs;
using Orleans.Tbptt.Client.Views;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Specs.Describing;
using Orleans.Tbptt.Training;

namespace Orleans.Tbptt.Client.Init;

/// <summary><c>tbptt init</c>: writes a spec for a file of data, or an example. Trains nothing.</summary>
internal static class InitCommand
{
    /// <summary>Writes the spec, and the schema next to it.</summary>
    /// <exception cref="ClientException">A file exists, or cannot be read or trained on.</exception>
    public static int Run(ISpecChecker checker, InitRequest request, Terminal terminal)
    {
        string spec = request.Spec ?? $"{request.Example ?? Draft.NameOf(request.Data!)}.yaml";
        string directory = Path.GetDirectoryName(Path.GetFullPath(spec))!;
        var (files, notes) = request.Data is { } data
            ? FromData(data, spec)
            : ([.. Examples.Files(request.Example!)
                .Select(file => (file.Path.Length == 0 ? spec : Path.Combine(directory, file.Path), file.Bytes))], []);
        foreach (var (path, _) in files)
            RefuseExisting(path, request);

        Directory.CreateDirectory(directory);
        foreach (var (path, bytes) in files[..^1])
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            Write(path, bytes, request);
        }

        var sizes = WriteChecked(files[^1].Bytes, spec, checker, request);
        string schema = WriteSchema(directory);
        foreach (string note in notes.Union(sizes.Description.Contents.Remarks))
            terminal.Error.WriteLine($"note: {note}");
        foreach (var (path, _) in files)
            terminal.Out.WriteLine($"wrote {Text.OneLine(Path.GetRelativePath(".", path))}");
        terminal.Out.WriteLine($"wrote {Text.OneLine(Path.GetRelativePath(".", schema))}, by which editors complete and check specs");
        terminal.Out.WriteLine(
            $"{Text.Plural(sizes.Spec.Train.Epochs, "epoch")} of {Text.Plural(sizes.StepsPerEpoch, "step")}; "
            + $"next: tbptt train {Shell.Word(Text.OneLine(spec))}");
        return ExitCode.Completed;
    }

    private static (List<(string Path, byte[] Bytes)> Files, IReadOnlyList<string> Notes) FromData(string data, string spec)
    {
        try
        {
            if (Path.GetFullPath(data) == Path.GetFullPath(spec))
                throw new ClientException($"{Text.OneLine(spec)}: found the data themselves, expected another file for the spec",
                    ExitCode.Usage);
            var draft = Draft.Of(data, spec);
            return ([(spec, Encoding.UTF8.GetBytes(draft.Spec))], draft.Notes);
        }
        catch (DataFaultException exception)
        {
            throw new ClientException(
                string.Join('\n', exception.Faults.Select(fault =>
                    $"{Text.OneLine(data)}: found {fault.Found}, expected {fault.Expected}; {fault.Remedy}")),
                ExitCode.BadSpec, exception);
        }
        catch (SpecException exception)
        {
            // The keys are those of a spec that was tried: what cannot be trained on is the data.
            throw new SpecException([.. exception.Problems.Select(problem => problem with { Location = data })]);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClientException(
                $"{Text.OneLine(data)}: found no readable file ({Text.OneLine(exception.Message)}), expected a file of data; " +
                "correct the path",
                ExitCode.BadSpec, exception);
        }
    }

    private static void RefuseExisting(string path, InitRequest request)
    {
        if (!request.Force && Path.Exists(path))
        {
            throw new ClientException(
                $"{Text.OneLine(path)}: found an existing file, expected none; --force overwrites it, "
                + "or name another: tbptt init "
                + $"{Shell.Word(request.Data ?? "")}{(request.Example is { } name ? $"--example {name}" : "")} OTHER.yaml",
                ExitCode.Failed);
        }
    }

    private static void Write(string path, byte[] bytes, InitRequest request)
    {
        string written = $"{path}.{Guid.NewGuid():N}";
        File.WriteAllBytes(written, bytes);
        File.Move(written, path, request.Force);
    }

    /// <summary>Writes the spec under its name only if it can be trained.</summary>
    private static CheckedSpec WriteChecked(byte[] text, string spec, ISpecChecker checker, InitRequest request)
    {
        string written = $"{spec}.{Guid.NewGuid():N}.yaml";
        try
        {
            File.WriteAllBytes(written, text);
            var sizes = checker.Check(written, []);
            File.Move(written, spec, request.Force);
            return sizes;
        }
        catch (SpecException exception)
        {
            // The spec's lines are not the user's: what cannot be trained on is the data.
            throw new SpecException([.. exception.Problems.Select(problem => problem with { Location = request.Data ?? spec })]);
        }
        finally
        {
            File.Delete(written);
        }
    }

    private static string WriteSchema(string directory)
    {
        string path = Path.Combine(directory, SpecLines.SchemaFile);
        File.WriteAllText(path, SpecDocumentation.Schema(SpecLoader.Choices));
        return path;
    }
}
