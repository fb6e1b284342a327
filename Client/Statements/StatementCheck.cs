using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Client.Runs;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Statements;

/// <summary><c>tbptt verify --statement FILE</c>: what of a statement holds, and what was not looked at.</summary>
internal static class StatementCheck
{
    /// <summary>A statement of more data files than anybody names is none.</summary>
    private const long LargestFile = 1 << 26;

    /// <summary>Checks signature, schema, and the files that it names.</summary>
    /// <param name="context">The console.</param>
    /// <param name="request">The statement, and what it is checked by.</param>
    /// <returns>0 if all was checked that was asked for, the signature among it, and holds; otherwise 5.</returns>
    /// <exception cref="ClientException">The statement cannot be read, or is none, or there is no such model.</exception>
    public static int Run(ConsoleContext context, StatementRequest request)
    {
        var (output, problems) = (context.Terminal.Out, new List<string>());
        var (envelope, statement) = Read(request.Path);
        void Line(string name, string value) => output.WriteLine($"{name,-12}{value}");
        Line("statement", $"{Path.GetFileName(request.Path)}: in-toto Statement v1 of run {Text.OneLine(statement.Run)}");
        if (request.PublicKey is { } publicKey)
        {
            using var key = SigningKey.Read("--public-key", publicKey, isPrivate: false);
            bool holds = envelope.IsSignedBy(key);
            Line("signature", holds ? $"holds, of key {SigningKey.IdOf(key)}" : "is not of this key");
            if (!holds)
                problems.Add("the signature is not of this key, or the statement was changed");
        }
        else
        {
            Line("signature", "not checked: name the signer's key by --public-key");
            problems.Add("the signature was not checked");
        }

        Line("says", $"steps {Text.Count(statement.From + 1)} to {Text.Count(statement.Step)} were computed again and are equal, "
            + $"{Text.Count(statement.Compared)} of them compared one by one");
        Line("by", Text.OneLine($"{statement.Product}, arithmetic {statement.Arithmetic}"));
        Line("spec", $"sha256 {Text.OneLine(statement.Spec)}");
        Line("state", $"{statement.State} after step {Text.Count(statement.Step)}");
        Line("weights", $"sha256 {Text.OneLine(statement.Weights)}");
        CheckModel(Line, problems, statement, request.Model is { } model ? PathOf(context, request.Runs, model) : null);
        CheckData(Line, problems, statement, request.DataRoot);
        output.WriteLine(problems.Count == 0 ? "holds" : $"does not hold: {string.Join("; ", problems)}");
        output.Flush();
        return problems.Count == 0 ? ExitCode.Completed : ExitCode.Unequal;
    }

    private static (DsseEnvelope Envelope, ModelStatement Statement) Read(string path)
    {
        try
        {
            if (new FileInfo(path).Length > LargestFile)
                throw new FormatException($"found a file of more than 64 MiB");
            var envelope = DsseEnvelope.Read(File.ReadAllText(path));
            return envelope.PayloadType == ModelStatement.PayloadType ? (envelope, ModelStatement.Read(envelope.Payload))
                : throw new FormatException(
                    $"found a payload of type '{envelope.PayloadType}', expected '{ModelStatement.PayloadType}'");
        }
        catch (Exception exception) when (exception is FormatException or IOException or UnauthorizedAccessException)
        {
            throw new ClientException(
                Text.OneLine($"--statement: {path}: {exception.Message}; expected what 'tbptt verify RUN --statement FILE --key KEY' "
                    + "writes"),
                ExitCode.Unequal, exception);
        }
    }

    private static void CheckModel(Action<string, string> line, List<string> problems, ModelStatement statement, string? model)
    {
        if (model is null)
        {
            line("model", "not looked at: name a run, a package or a file of weights");
            return;
        }

        string[] files = [.. WeightsOf(model).Where(File.Exists)];
        if (files.Length == 0)
            problems.Add($"{model} has no {ModelPackage.WeightsFile}");
        foreach (string file in files)
        {
            string found = RunModelFile.HashOf(file);
            bool isNamed = statement.Subjects.Any(subject => subject.Sha256 == found);
            line("model", $"{file}: sha256 {found}, {(isNamed ? "as the statement says" : "which the statement does not name")}");
            if (!isNamed)
                problems.Add($"{file} is not the model of the statement");
        }

        if (File.Exists(Path.Combine(model, ModelPackage.ConfigFile)))
            line("package", "not looked at but for its weights: its scales, tokenizer and hidden state are not in the statement");
    }

    private static string PathOf(ConsoleContext context, string runs, string model) =>
        Path.Exists(model) ? model : NamedRun.Find(context.Time, runs, model).Directory.Path;

    private static string[] WeightsOf(string model) => File.Exists(model) ? [model]
        : [Path.Combine(model, ModelPackage.WeightsFile), Path.Combine(model, "model", ModelPackage.WeightsFile)];

    private static void CheckData(Action<string, string> line, List<string> problems, ModelStatement statement, string? data)
    {
        if (data is null)
        {
            line("data", $"not looked at: {Text.Plural(statement.Data.Count, "file")}; name their directory by --data-root");
            return;
        }

        foreach (var file in statement.Data)
        {
            string path = Path.Combine(data, Path.GetFileName(file.Name));
            string what = !File.Exists(path) ? "not found" : RunModelFile.HashOf(path) == file.Sha256 ? "as the statement says"
                : "another content than the statement says";
            line("data", Text.OneLine($"{file.Name}: {what}"));
            if (what != "as the statement says")
                problems.Add(Text.OneLine($"{file.Name}: {what}"));
        }
    }
}
