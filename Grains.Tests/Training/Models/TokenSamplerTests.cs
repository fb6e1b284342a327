using Orleans.Tbptt.Runs;
using Orleans.Tbptt.Specs;
using Orleans.Tbptt.Tests.Client;
using Orleans.Tbptt.Training;
using Orleans.Tbptt.Training.Models;
using Orleans.Tbptt.Training.Steps;

namespace Orleans.Tbptt.Tests.Training.Models;

public sealed class TokenSamplerTests
{
    private const string Text =
        """
        name: tokens
        model: {cell: lstm, hiddenSize: 8, outputSize: 256, embedding: {vocabulary: 256, size: 4}}
        data: {source: "bytes:*.txt", batchSize: 2}
        tbptt: {chunkLength: 5}
        train: {epochs: 1, loss: cross_entropy, optimizer: {name: sgd, lr: 0.1}}
        """;

    [Fact]
    public void SameSeed_GivesTheSameTokens_AndAnotherOneOthers()
    {
        Assert.Equal(Sampled(new(Seed: 3)), Sampled(new(Seed: 3)));
        Assert.NotEqual(Sampled(new(Seed: 3)), Sampled(new(Seed: 4)));
    }

    [Fact]
    public void TheLikeliestToken_IsTaken_AtTemperatureZero_AndAmongOneOnly()
    {
        long[] greedy = Sampled(new(Seed: 1, Temperature: 0));

        Assert.Equal(greedy, Sampled(new(Seed: 9, Temperature: 0)));
        Assert.Equal(greedy, Sampled(new(Seed: 5, TopK: 1)));
    }

    [Fact]
    public void Prompt_IsFedInPieces_WithTheSameResult()
    {
        using var once = new TokenSampler(Package(), new(Seed: 2));
        using var pieces = new TokenSampler(Package(), new(Seed: 2));
        long[] prompt = [.. Enumerable.Range(0, 600).Select(i => (long)(i * 7 % 256))];

        once.Feed(prompt);
        foreach (long token in prompt)
            pieces.Feed([token]);

        Assert.Equal(Enumerable.Range(0, 20).Select(_ => once.Next()), Enumerable.Range(0, 20).Select(_ => pieces.Next()));
    }

    /// <summary>A head without weights: its biases are the scores of every step, whose softmax is known.</summary>
    [Fact]
    public void Tokens_AreDrawn_AsOftenAsTheSoftmaxSays()
    {
        const int Draws = 20_000;
        var package = Package(parameters =>
        {
            Array.Clear(parameters);
            // Of tokens 0, 1 and 2 the probabilities are 0.5, 0.3 and 0.2; all others have none.
            Array.Fill(parameters, -100f, parameters.Length - 256, 256);
            foreach (var (token, probability) in new[] { 0.5, 0.3, 0.2 }.Index())
                parameters[parameters.Length - 256 + token] = (float)Math.Log(probability);
        });
        using var all = new TokenSampler(package, new(Seed: 1));
        using var two = new TokenSampler(package, new(Seed: 1, TopK: 2));
        all.Feed([0]);
        two.Feed([0]);

        int[] counts = Count(all), kept = Count(two);

        // Five standard deviations of a binomial distribution.
        Assert.Equal(0.5, counts[0] / (double)Draws, 5 * Math.Sqrt(0.5 * 0.5 / Draws));
        Assert.Equal(0.3, counts[1] / (double)Draws, 5 * Math.Sqrt(0.3 * 0.7 / Draws));
        Assert.Equal(Draws, counts[0] + counts[1] + counts[2]);
        Assert.Equal(0.625, kept[0] / (double)Draws, 5 * Math.Sqrt(0.625 * 0.375 / Draws));
        Assert.Equal(Draws, kept[0] + kept[1]);

        static int[] Count(TokenSampler sampler)
        {
            var counts = new int[256];
            for (int i = 0; i < Draws; i++)
                counts[sampler.Next()]++;
            return counts;
        }
    }

    [Fact]
    public void ModelOfValues_IsRefused()
    {
        var spec = Spec(Text) with { Model = Spec(Text).Model with { Embedding = null, InputSize = 3 } };
        var package = ModelPackage.Of(
            Sample.Status(RunState.Completed), spec, Text, new([], null), new float[ParameterLayout.Of(spec.Model).Length], default);

        Assert.Contains("does not forecast its next input token", Assert.Throws<ModelPackageException>(
            () => new TokenSampler(package, new())).Message, StringComparison.Ordinal);
    }

    private static long[] Sampled(SamplingOptions options)
    {
        using var sampler = new TokenSampler(Package(), options);
        sampler.Feed([65, 66, 67]);
        return [.. Enumerable.Range(0, 40).Select(_ => sampler.Next())];
    }

    private static ModelPackage Package(Action<float[]>? change = null)
    {
        var spec = Spec(Text);
        float[] parameters = new TrainingState(spec).Parameters;
        // Initial weights are small: scores differ by more where they are larger.
        for (int i = 0; i < parameters.Length; i++)
            parameters[i] *= 4;
        change?.Invoke(parameters);
        return ModelPackage.Of(Sample.Status(RunState.Completed), spec, Text, new([], null), parameters, default);
    }

    private static RunSpec Spec(string text) => SpecLoader.Parse(text, "tokens.yaml", "/", filesMustExist: false).Spec!;
}
