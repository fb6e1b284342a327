using System.Text;
using Orleans.Tbptt.Client.Context;
using Orleans.Tbptt.Cluster.Wording;
using Orleans.Tbptt.Data;
using Orleans.Tbptt.Training.Models;

namespace Orleans.Tbptt.Client.Models;

/// <summary>What a sample is drawn from, and how.</summary>
/// <param name="Runs">The run store.</param>
/// <param name="Model">A package's directory, or a run.</param>
/// <param name="Prompt">The text that it continues; null for the end of a line.</param>
/// <param name="Length">Tokens to draw.</param>
/// <param name="Options">How they are drawn.</param>
/// <param name="Output">The file to write, byte by byte; null for standard output.</param>
/// <param name="Force">Whether a file that exists is replaced.</param>
internal sealed record SampleRequest(
    string Runs, string Model, string? Prompt, int Length, SamplingOptions Options, string? Output, bool Force);

/// <summary><c>tbptt sample</c>: text that a trained model generates.</summary>
internal static class SampleCommand
{
    private const string EndOfLine = "\n";

    /// <summary>Writes the prompt and what follows it.</summary>
    /// <exception cref="ClientException">There is no such model, it generates no text, or the prompt has other tokens.</exception>
    public static int Run(ConsoleContext context, SampleRequest request)
    {
        var package = ModelFinder.Find(context, request.Runs, request.Model);
        var text = TextOf(package, request.Model);

        if (package.Spec.Model.Embedding?.Vocabulary is { } vocabulary && package.Config.Tokens is { Count: > 0 and var listed }
            && listed < vocabulary)
        {
            throw new ClientException(
                $"{request.Model}: found {listed} tokens in its configuration, expected {vocabulary}; train with data.vocabulary",
                ExitCode.Failed);
        }

        if (request.Output is { } file)
            ModelData.CheckOutput("--output", file, request.Force);
        using var sampler = Open(package, request.Options);
        var prompt = Encode(text, request.Prompt ?? EndOfLine, package);
        if (prompt.Count == 0)
            prompt = Encode(text, EndOfLine, package);
        if (prompt.Count == 0)
        {
            throw new ClientException(
                "--prompt: found no token in it, expected a text with one to begin with, because the model's tokenizer leaves white space "
                + "and ends of lines out; write --prompt WORD",
                ExitCode.Usage);
        }

        string? unfinished = request.Output is null ? null : $"{request.Output}.{Guid.NewGuid():N}";
        try
        {
            using (var output = unfinished is null ? null : File.Create(unfinished))
                Write(context, text, package.Config.Tokens, sampler, prompt, request, output);
            if (unfinished is not null)
                File.Move(unfinished, request.Output!, request.Force);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new ClientException($"cannot write the text: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception);
        }
        finally
        {
            if (unfinished is not null)
                File.Delete(unfinished);
        }

        return ExitCode.Completed;
    }

    /// <summary>What makes tokens of text and back.</summary>
    private static ITokenText TextOf(ModelPackage package, string model)
    {
        if (package.Spec.Data.Source is not ITokenText source)
        {
            throw new ClientException(
                $"{model}: found a model of data.source {package.Spec.Data.Source.Word}, expected one of bytes, characters, words or "
                + "tokens",
                ExitCode.Failed);
        }

        try
        {
            return source.Open();
        }
        catch (FormatException exception)
        {
            throw new ClientException($"{model}: {Text.OneLine(exception.Message)}", ExitCode.Failed, exception);
        }
    }

    private static void Write(
        ConsoleContext context, ITokenText text, IReadOnlyList<string> tokens, TokenSampler sampler, IReadOnlyList<long> prompt,
        SampleRequest request, FileStream? output)
    {
        var decoder = Encoding.UTF8.GetDecoder();
        long? before = null;
        if (request.Prompt is { Length: > 0 })
        {
            foreach (long token in prompt)
                Write(token);
        }

        sampler.Feed(prompt);
        for (int i = 0; i < request.Length && !context.Terminal.HasLostItsReader(); i++)
            Write(sampler.Next());
        if (output is null)
            context.Terminal.Out.WriteLine();
        context.Terminal.Out.Flush();

        void Write(long token)
        {
            var bytes = text.Decode(token, before, tokens).Span;
            before = token;
            output?.Write(bytes);
            if (output is not null)
                return;
            // A character of several bytes comes with its last one.
            Span<char> characters = stackalloc char[Encoding.UTF8.GetMaxCharCount(Math.Min(bytes.Length, 256))];
            for (; bytes.Length > 0; bytes = bytes[Math.Min(bytes.Length, 256)..])
                context.Terminal.Out.Write(characters[..decoder.GetChars(bytes[..Math.Min(bytes.Length, 256)], characters, flush: false)]);
        }
    }

    private static TokenSampler Open(ModelPackage package, SamplingOptions options)
    {
        try
        {
            return new(package, options);
        }
        catch (ModelPackageException exception)
        {
            throw new ClientException(exception.Message, ExitCode.Failed, exception);
        }
    }

    private static IReadOnlyList<long> Encode(ITokenText text, string prompt, ModelPackage package)
    {
        try
        {
            return text.Encode(Encoding.UTF8.GetBytes(prompt), package.Config.Tokens);
        }
        catch (FormatException exception)
        {
            string what = prompt == EndOfLine ? "the end of a line, which a sample without a prompt begins with" : "--prompt";
            throw new ClientException($"{what}: {exception.Message}; begin with another --prompt", ExitCode.Usage, exception);
        }
    }
}
